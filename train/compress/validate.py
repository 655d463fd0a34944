"""Quantizes a float network, compares before and after: ``python -m train.compress.validate``."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from sw.command import Parser, run
from sw.data import options as choices
from sw.int8 import network as files
from sw.store.files import replacing, write_text

from ..determinism import deterministic
from . import aware, calibrate, checkpoint, data, fit, quantize, simulate
from .trace import trace


METHODS = ("int8", "int8-aware")


def main(argv=None):
    options = parse(argv)
    model = checkpoint.of_model(options.model)
    metric = checkpoint.function(options.metric, "Metric") if options.metric else accuracy
    dataset = calibrate.load_dataset(model, options)
    parts = calibrate.split(model, dataset, options, validation=options.validation)
    shape = data.input_shape(dataset.input_shape)
    with deterministic():
        traced = trace(model.network, shape)
        check_classes(traced, dataset)
        network = quantized(traced, parts, dataset, options, origin(model, options))
        found = {"model": options.model, "dataset": dataset.name, "method": options.method,
                 "seed": options.seed, "calibration": len(parts.calibration),
                 "metric": options.metric or "accuracy",
                 "validation": compare(traced, network, parts.validation, metric),
                 "test": compare(traced, network, data.test_part(dataset), metric),
                 "memory": memory(model, traced, network),
                 "macs": {"before": traced.macs, "after": network.macs},
                 "layers": layers(traced, network)}
    folder = Path(options.output or Path("build") / model.name)
    paths = {"npz": folder / f"{model.name}.int8.npz", "json": folder / f"{model.name}.int8.json"}
    with ExitStack() as together:  # both files, or none
        new = {kind: together.enter_context(replacing(path)) for kind, path in paths.items()}
        files.save(new["npz"], network)
        write_text(new["json"], json.dumps(found, indent=1) + "\n")
    print(*report(found), sep="\n")
    print(f"wrote {', '.join(map(str, paths.values()))} (identity {network.identity[:12]})")


def origin(model, options):
    """Return where an int8 network comes from: ``python -m sw.c --check`` finds the test images."""
    said = choices.from_arguments(options).to_json()
    return {"model": options.model, "method": options.method, "seed": options.seed,
            "dataset": str(options.data or model.provenance["dataset"]), "share": options.share,
            "calibration": options.calibration, **({"data": said} if said else {})}


def quantized(traced, parts, dataset, options, provenance):
    """Return the int8 network of a method."""
    if options.method == "int8":
        return quantize.quantize(traced, parts.calibration, dataset.labels, dataset.input_shape,
                                 share=options.share, provenance=provenance)
    retrained, found = aware.retrain(
        traced, parts, epochs=options.epochs, rate=options.rate, seed=options.seed,
        share=options.share, augment=fit.AUGMENTS[options.augment])
    return quantize.with_scales(retrained, found, dataset.labels, dataset.input_shape, provenance)


def check_classes(traced, dataset):
    """Refuse a network of another number of classes than the dataset has."""
    if traced.layers[-1].shape != (len(dataset.labels),):
        raise ValueError(f"Model must give a score for each of {len(dataset.labels)} classes of "
                         f"{dataset.name}: it gives {traced.layers[-1].shape}")


def accuracy(scores, labels):
    """Return the share of labels that are right, in percent."""
    return 100 * float((scores.argmax(1) == labels).mean())


def compare(traced, network, part, metric):
    """Return the metric of both networks on a part, and the agreement of their labels in percent.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The float network.
    network : sw.int8.network.Int8Network
        The int8 network.
    part : train.compress.data.Part
        Images and labels.
    metric : callable
        Number of scores, float32 (n, classes), and labels, int64 (n,). The int8 network's scores
        are multiplied by their scale.
    """
    before = traced.scores(part).numpy()
    integers = simulate.scores(network, part.images).numpy()
    last = network.layers[-1]
    after = ((integers - last.zero) * last.scale).astype(np.float32)
    if network.softmax:
        after = torch.softmax(torch.from_numpy(after), 1).numpy()
    return {"images": len(part), "before": float(metric(before, part.labels)),
            "after": float(metric(after, part.labels)),
            "agreement": 100 * float((before.argmax(1) == integers.argmax(1)).mean())}


def memory(model, traced, network):
    """Return the octets of the learnables: as given, BatchNorm merged, and int8."""
    given = sum(value.numel() * value.element_size() for value in model.network.parameters())
    return {"given": given, "before": 4 * traced.parameters, "after": network.learnable_bytes,
            "weights before": 4 * sum(layer.weight.numel() for layer in traced.weighted),
            "weights after": sum(layer.weights.nbytes for layer in network.layers
                                 if "weights" in layer.arrays)}


def layers(traced, network):
    """Return a row for each layer of the optimized network: its number format and its size."""
    made = {layer.name: layer for layer in network.layers}
    rows = []
    for layer in traced.layers:
        after = made.get(layer.name)
        bits = "float" if after is None and layer.kind == "softmax" else "in the layer before"
        if after is not None:
            bits = "int8" if after.integer else "float"
        rows.append({"name": layer.name, "given": layer.given, "kind": layer.kind, "format": bits,
                     "macs": layer.macs, "after": after.learnable_bytes if after else 0,
                     "before": 4 * sum(value.numel() for value in layer.learnables.values())})
    return rows


def report(found):
    """Return lines for a terminal."""
    yield f"{'layer':<22} {'kind':<16} {'format':<20} {'MACs':>12} {'bytes':>11} {'int8':>10}"
    for row in found["layers"]:
        yield (f"{row['name']:<22} {row['kind']:<16} {row['format']:<20} {row['macs']:>12,} "
               f"{row['before']:>11,} {row['after']:>10,}")
    yield ""
    yield f"{'':<34} {'before':>12} {'after':>12} {'change':>9}"
    for part in ("validation", "test"):
        row = found[part]
        yield (f"{found['metric']}, {row['images']:,} {part} images".ljust(34)
               + f" {row['before']:>12.2f} {row['after']:>12.2f} "
                 f"{row['after'] - row['before']:>+9.2f}")
    sizes = found["memory"]
    for title, before, after in (("bytes of learnables", "before", "after"),
                                 ("bytes of weights alone", "weights before", "weights after")):
        yield (f"{title:<34} {sizes[before]:>12,} {sizes[after]:>12,} "
               f"{100 * (sizes[after] / sizes[before] - 1):>+8.1f}%")
    macs = found["macs"]
    yield f"{'MACs an image':<34} {macs['before']:>12,} {macs['after']:>12,}"
    yield (f"{'labels that agree':<34} {'':>12} {found['validation']['agreement']:>11.2f}%  "
           f"(test {found['test']['agreement']:.2f} %)")


def parse(argv):
    made = Parser(prog="python -m train.compress.validate", description=__doc__)
    calibrate.add_arguments(made)
    add = made.add_argument
    add("--method", choices=METHODS, default="int8",
        help="after training, or aware: trained on with rounding (default: %(default)s)")
    add("--validation", type=int, metavar="N",
        help=f"validation images (default: {data.VALIDATION:,})")
    add("--metric", metavar="MODULE:FUNCTION", help="number of scores, float32 (n, classes), and "
        "labels, int64 (n,) (default: accuracy in percent)")
    add("--share", type=float, default=1.0, metavar="X", help="share of an activation's values "
        "that its range covers; below 1 outliers are clipped (default: 1)")
    add("--epochs", type=int, default=aware.EPOCHS, choices=range(1, 1000), metavar="N",
        help="passes of int8-aware (default: %(default)s)")
    add("--rate", type=float, default=aware.RATE, metavar="X",
        help="first learning rate of int8-aware (default: %(default)s)")
    add("--augment", choices=sorted(fit.AUGMENTS), default="none",
        help="distortion of training pictures of int8-aware (default: none)")
    return made.parse_args(argv)


if __name__ == "__main__":
    run(main, sys.argv[1:])
