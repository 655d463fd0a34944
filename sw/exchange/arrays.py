"""Reads networks of plain arrays, which have no graph: folders of BNN-PYNQ, state dicts."""

from pathlib import Path
from shlex import quote

import numpy as np

from .. import golden
from ..data import datasets
from ..network import save
from ..store.files import read_array
from . import pynq, report, statedict


RANDOM = 1000  # images of a comparison without a dataset


def read_folder(args, options, labels, provenance):
    """Write the network of a folder of BNN-PYNQ, for which there is nothing to compare with."""
    provenance = {"exchange": provenance}
    if args.dataset:
        provenance |= {"dataset": args.dataset, "data": options.to_json()}
    network = pynq.load(args.source, args.pe, args.simd, layers=args.layers,
                        shape=shape_of(options), labels=labels,
                        classes=len(labels) if labels else 10, provenance=provenance)
    _write(args.output, network)


def read_state(args, options, labels, provenance):
    """Write the network of a state dict, compared with the arithmetic of its evaluation."""
    provenance, facts = {"exchange": provenance}, {}
    dataset = None
    if args.dataset:
        dataset = datasets.load(args.dataset, options)
        facts = {"conversion": dataset.conversion, "shape": dataset.input_shape}
        labels = labels or dataset.labels
        provenance |= {"dataset": args.dataset}
        if said := options.to_json():
            provenance["data"] = said
    else:
        facts = {"shape": shape_of(options)}
    made = statedict.load(args.source, thresholds=_thresholds(args.thresholds), labels=labels,
                          provenance=provenance, **facts)
    for guess in made.guessed:
        print(f"guessed: {guess}")
    images, what = _images(dataset, made.network)
    differ = made.differ(images)
    print(f"{what}: {differ} of {len(images)} have scores that differ from evaluation in PyTorch")
    if differ:
        raise ValueError(f"Network must compute what {args.source} computes: the scores of "
                         f"{differ} images differ (nothing is written; please report this)")
    if dataset:
        right = golden.labels(golden.Model(made.network).scores(images)) == dataset.test_labels
        print(f"accuracy: {100 * right.mean():.2f} %")
    _write(args.output, made.network)


def shape_of(options):
    """Return the shape of an image that the user says, or None."""
    if options.size and options.size != "flat":
        return (*options.size, 3) if options.colours == 3 else options.size
    return None


def _thresholds(text):
    """Return the thresholds that a user says: numbers, or an array of a file."""
    if text is None:
        return None
    if text.endswith(".npy"):
        return read_array(text)
    try:
        return np.array([int(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(f"Thresholds must be whole numbers, or a file .npy: {text!r} (such as "
                         f"--thresholds 64,128,192)") from None


def _images(dataset, network):
    if dataset:
        return dataset.test_images, "test images"
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (RANDOM, *network.input_shape), dtype=np.uint8), "random images"


def _write(path, network):
    for line in report.layers(network):
        print(line)
    save(path, network)
    print(f"wrote {path} (identity {network.identity[:12]}; python -m sw.evaluate "
          f"{quote(str(path))} --dataset D measures it)")


READERS = {"bnn-pynq": read_folder, "torch": read_state}
ENDINGS = {".pt": "torch", ".pth": "torch", ".h5": "larq", ".hdf5": "larq"}


def format_of(args):
    """Return the format of a source: the one that is given, or that of its ending."""
    return args.format or ENDINGS.get(Path(args.source).suffix.lower(), "onnx")
