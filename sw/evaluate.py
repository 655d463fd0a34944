"""Measures the golden model on a test set, and whether it equals what PyTorch computed."""

import json
import sys
import time
from pathlib import Path

import numpy as np

from . import checkpoint as checkpoints
from . import golden, network
from .artefact import HELP, made, network_file
from .command import Parser, run
from .compare import given, pytorch
from .compare.difference import first_difference
from .data import options as choices
from .data.testset import load_test_set
from .fold import beside
from .store.files import write_text


def evaluate(model, images, labels):
    """Run the golden model over a test set.

    Parameters
    ----------
    model : sw.golden.Model
        The network.
    images : ndarray of uint8, shape (n, *input_shape)
        Test images.
    labels : ndarray of integers, shape (n,)
        Their true classes.

    Returns
    -------
    ndarray of int32, shape (n, classes)
        Scores.
    dict
        ``images``, ``correct``, ``accuracy`` in percent, ``ties`` for the top score (the first
        class counts), and ``images_per_second`` of one core.
    """
    start = time.process_time()
    scores = model.scores(images)
    seconds = time.process_time() - start
    correct = int((golden.labels(scores) == labels).sum())
    top = scores.max(axis=1, keepdims=True)
    return scores, {
        "images": len(images),
        "correct": correct,
        "accuracy": 100 * correct / len(images),
        "ties": int(((scores == top).sum(axis=1) > 1).sum()),
        "images_per_second": round(len(images) / max(seconds, 1e-9)),
    }


def compare(scores, expected):
    """Count images whose scores differ from the expected ones, both int32, shape (n, classes).

    Returns
    -------
    dict
        ``images`` compared, ``labels_differ`` (images with another label), ``scores_differ``
        (images with any other score), and the index of the ``first`` of these, or None.
    """
    differ = np.flatnonzero((scores != expected).any(axis=1))
    return {
        "images": len(scores),
        "labels_differ": int((golden.labels(scores) != golden.labels(expected)).sum()),
        "scores_differ": len(differ),
        "first": int(differ[0]) if len(differ) else None,
    }


def _expected(path, folded, count):
    """Return a checkpoint's scores of the test set, or None if the checkpoint has none."""
    scores = checkpoints.load(path).test_scores
    if scores is None:
        return None
    if scores.shape != (count, folded.classes):
        raise ValueError(f"{path} must hold scores of the {count} test images for "
                         f"{folded.classes} classes: {scores.shape[0]} for {scores.shape[1]} "
                         f"(choose its dataset with --dataset)")
    return scores


def _report(compared, scores, expected, labels):
    """Print what a comparison found."""
    count, index = compared["images"], compared["first"]
    if index is None:
        print(f"equal to PyTorch: {count} of {count} labels and scores")
        return
    print(f"differs from PyTorch: {compared['labels_differ']} labels, scores of "
          f"{compared['scores_differ']} images of {count}")
    have, want = scores[index], expected[index]
    place = int(np.flatnonzero(have != want)[0])
    print(f"first in image {index}: score of class {labels[place]!r} is {have[place]}, PyTorch's "
          f"is {want[place]}; label {labels[have.argmax()]!r}, PyTorch's is "
          f"{labels[want.argmax()]!r}")


def _explain(source, folded, images, index):
    """Print the first layer and neuron whose output in PyTorch differs from golden's."""
    image = images[index:index + 1]
    print(f"looking into image {index} ...", flush=True)
    try:
        outputs = pytorch.activations(source, folded, image)
    except ValueError as error:
        print(f"no layer can be named: {error}")
        return
    expected = [rows[0] for _, rows in golden.Model(folded).trace(image)]
    first = first_difference(folded, expected, [rows[0] for rows in outputs])
    if first is None:
        print(f"image {index}: PyTorch now computes what golden computes, in every layer: the "
              f"scores in {source} are not those of its weights")
        return
    print(pytorch.why_other(source, folded))
    print(f"error: image {index}: first difference in {first.text('PyTorch')}", file=sys.stderr)


def main(argv=None):
    parser = Parser(
        prog="python -m sw.evaluate", description=__doc__,
        epilog="NAME.eval.json goes beside NETWORK, for a network in data/networks to build/NAME/.")
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--checkpoint", type=Path, metavar="CKPT",
                        help="with PyTorch's scores (default: NAME.ckpt.npz beside NETWORK, if "
                             "there)")
    parser.add_argument("--scores", type=Path, metavar="FILE",
                        help="compare with scores or labels of the test images in this file: CSV, "
                             ".npy, .npz")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    parser.add_argument("--limit", type=int, metavar="N",
                        help="only the first N test images; nothing is written then")
    choices.add_arguments(parser)
    args = parser.parse_args(argv)
    if args.limit is not None and args.limit < 1:
        raise ValueError(f"Limit must be at least 1: {args.limit}")

    folded = network.load(args.network)
    test = load_test_set(folded, args.dataset, choices.from_arguments(args))
    name, images, labels = test.name, test.images, test.labels
    scores, result = evaluate(golden.Model(folded), images[:args.limit], labels[:args.limit])
    print(f"{args.network}: identity {folded.identity[:12]}; {name}, {len(scores)} test images: "
          f"{test.used}")
    for note in test.notes:
        print(f"note: {note}")
    print(f"accuracy {result['accuracy']:.2f} %: {result['correct']} of {result['images']}, "
          f"{result['ties']} ties for the top score")
    print(f"golden model: {result['images_per_second']:,} images/s on one core")

    if args.scores:
        found = given.read(args.scores, folded.labels, len(images))
        found = found.first(args.limit)
        return given.report(args.scores, found, scores, folded.labels)

    source = args.checkpoint or beside(args.network, ".ckpt.npz")
    compared = None
    missing = "no checkpoint with scores"
    if source.exists() and not (test.trained or args.checkpoint):
        missing = (f"the scores in {source} are of the test images of the training (--checkpoint "
                   f"CKPT or --scores FILE: compare with others)")
    elif args.checkpoint or source.exists():
        expected = _expected(source, folded, len(images))
        if expected is not None:
            expected = expected[:args.limit]
            compared = compare(scores, expected)
            _report(compared, scores, expected, folded.labels)
            if compared["first"] is not None:
                _explain(source, folded, images, compared["first"])
    if compared is None:
        print(f"not compared with PyTorch: {missing}")

    if args.limit is None:
        output = made(args.network, ".eval.json")
        record = {"identity": folded.identity, "dataset": name, **result, "compared": compared}
        write_text(output, json.dumps(record, indent=2) + "\n")
        print(f"wrote {output}")
    return int(compared is not None and compared["first"] is not None)


if __name__ == "__main__":
    run(main)
