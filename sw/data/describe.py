"""Says what a dataset is, before it is trained on: classes, values, conversion, and what is odd."""

from itertools import chain

import numpy as np

from .thresholds import constant_bits


FEW = 10           # examples of a class below which it is named
RARER = 10         # times as many examples in the largest class as in one that is named
LISTED = 10        # files that are named
ONE_SIDED = 0.5    # share of constant bits that is named
MUCH_CONSTANT = 0.9  # share of constant inputs from which they are a warning
CLASSES_SHOWN = 20


def describe(dataset, encoder):
    """Yield lines that say what a dataset is and what was guessed; then the warnings.

    Parameters
    ----------
    dataset : sw.data.datasets.Dataset
        The dataset.
    encoder : sw.layer.encoder.Encoder or None
        Encoder whose bits it gets; None if the network takes the pixels as they are.
    """
    facts = dataset.facts
    yield _line("dataset", f"{facts.path}: {facts.form}, {len(dataset.train_labels):,} training "
                           f"and {len(dataset.test_labels):,} test examples")
    yield _line("test part", facts.test_from)
    counts = np.bincount(dataset.train_labels, minlength=len(dataset.labels))
    shown = [f"{name} ({count:,})" for name, count
             in zip(dataset.labels[:CLASSES_SHOWN], counts, strict=False)]
    more = len(dataset.labels) - len(shown)
    column = f" in {facts.label}" if facts.label else ""
    yield _line("classes", f"{len(dataset.labels)}{column}: {', '.join(shown)}"
                           + (f" and {more} more" if more else ""))
    yield _line("files have", _files(facts))
    shape = " x ".join(map(str, dataset.input_shape))
    yield _line("input", f"{shape}: {'; '.join(dataset.conversion.words())}")
    constant = constant_inputs(dataset.train_images)
    total = dataset.train_images[0].size
    bits = "" if encoder is None else (f", and {constant_bits(dataset.train_images, encoder):.0%} "
                                       f"of their {encoder.outputs:,} bits")
    yield _line("constant", f"{constant:,} of {total:,} inputs ({constant / total:.0%}){bits}")
    if facts.hidden:
        yield _line("ignored", f"{facts.hidden:,} hidden files and folders")
    for sentence in facts.guessed:
        yield _line("guessed", sentence)
    for sentence in warnings(dataset, encoder):
        yield _line("warning", sentence)


def warnings(dataset, encoder):
    """Yield a sentence for each thing about a dataset that looks wrong."""
    facts = dataset.facts
    yield from facts.warnings
    if facts.ignored:
        count = len(facts.ignored)
        yield f"{count:,} file{'s' if count > 1 else ''} could not be read: " + "; ".join(
            facts.ignored[:LISTED]) + (" …" if count > LISTED else "")
    counts = np.bincount(dataset.train_labels, minlength=len(dataset.labels))
    few = [f"{name} ({count})" for name, count in zip(dataset.labels, counts, strict=True)
           if count < FEW]
    rare = [f"{name} ({count})" for name, count in zip(dataset.labels, counts, strict=True)
            if FEW <= count < counts.max() / RARER]
    if few:
        yield f"classes with fewer than {FEW} training examples: {_listed(few)}"
    if rare:
        yield (f"classes with {RARER} times fewer training examples than the largest "
               f"({counts.max():,}): {_listed(rare)}")
    alike = {}
    for name in dataset.labels:
        alike.setdefault(name.casefold(), []).append(repr(name))
    alike = [" and ".join(names) for names in alike.values() if len(names) > 1]
    if alike:
        yield f"classes whose names differ in case alone: {_listed(alike)}"
    constant = constant_inputs(dataset.train_images) / dataset.train_images[0].size
    if constant > MUCH_CONSTANT:
        yield f"{constant:.0%} of the inputs are the same in all training examples"
    bits = 0 if encoder is None else constant_bits(dataset.train_images, encoder)
    if bits > max(ONE_SIDED, constant + 0.25):
        yield (f"{bits:.0%} of the encoder's bits never change: their inputs lie on one side of "
               f"the thresholds (other --levels, or --range LOW,HIGH)")
    same = twins(dataset.train_images, dataset.test_images)
    if same:
        yield (f"{same:,} of {len(dataset.test_images):,} test examples are also training "
               f"examples: the test accuracy is too good for them")


def refuse_senseless(dataset, encoder):
    """Raise ValueError if no training can learn anything: all inputs or bits are constant."""
    if constant_inputs(dataset.train_images) == dataset.train_images[0].size:
        raise ValueError(f"Dataset {dataset.name!r} must have inputs that differ: all "
                         f"{dataset.train_images[0].size:,} are the same in all "
                         f"{len(dataset.train_images):,} training examples (check the files, or "
                         f"give another --range)")
    if encoder is not None and constant_bits(dataset.train_images, encoder) == 1:
        raise ValueError(f"Dataset {dataset.name!r} must have inputs on both sides of the "
                         f"encoder's thresholds: no bit ever changes (more --levels, or "
                         f"--range LOW,HIGH)")


def constant_inputs(images):
    """Return how many inputs are the same for all images."""
    return int((images == images[:1]).all(axis=0).sum())


def twins(train, test):
    """Return how many test images equal a training image."""
    known = {hash(image.tobytes()) for image in train}
    suspects = [image.tobytes() for image in test if hash(image.tobytes()) in known]
    if not suspects:
        return 0
    wanted = set(suspects)
    found = wanted & {octets for octets in (image.tobytes() for image in train)
                      if octets in wanted}
    return sum(octets in found for octets in suspects)


def _files(facts):
    seen = facts.seen
    shapes = sorted(seen.shapes, key=lambda shape: (-seen.shapes[shape], shape))
    text = " x ".join(map(str, shapes[0]))
    if len(shapes) > 1:
        extents = list(chain.from_iterable(shapes))
        text = f"{len(shapes)} sizes, {min(extents)} to {max(extents)} pixels, most {text}"
    if seen.rate:
        lengths = [shape[0] / seen.rate for shape in shapes]
        return (f"recordings of {seen.rate:,} Hz, {min(lengths):.2f} to {max(lengths):.2f} s, "
                f"values {seen.low:g}..{seen.high:g}")
    if seen.worded:
        numbers = shapes[0][0] - seen.worded
        worded = f"{seen.worded} words"
        if not numbers:
            return f"rows of {worded}"
        what = f"rows of {numbers} numbers and {worded}"
    elif len(shapes[0]) == 1:
        what = f"rows of {text} numbers"
    else:
        kind = "colour" if seen.varied else "grey"
        what = f"{kind} pictures, {text}"
    depth = f", {seen.depth} bits" if seen.depth and len(shapes[0]) > 1 else ""
    return f"{what}{depth}, values {seen.low:g}..{seen.high:g}"


def _line(name, text):
    return f"{name:<11} {text}"


def _listed(entries, most=10):
    return ", ".join(entries[:most]) + (f" and {len(entries) - most} more"
                                        if len(entries) > most else "")
