"""Rows of the report: each method with the settings that a network is compressed with."""

from dataclasses import dataclass, replace

from . import (
    aware,
    binarize,
    channels,
    checkpoint,
    distil,
    fit,
    fixed,
    lowrank,
    prune,
    quantize,
    sensitivity,
    share,
    simulate,
    task,
    ternary,
)
from . import saliency as by_saliency
from .lesson import WEIGHT, Lesson
from .network import NETWORKS, build
from .result import Compressed, Pixels
from .trace import trace


class Skipped(Exception):
    """Reason why a method has no row for a network."""


@dataclass(frozen=True)
class Setting:
    """A network of the report and how it is compressed.

    Attributes
    ----------
    name : str
        Name of the network and of its folder.
    dataset : str
        Dataset, unless the user gives another one.
    epochs, again, bits_epochs : int
        Passes of the first training, of each retraining, and of binary or ternary weights.
    augment : str
        Distortion in training.
    rate : float
        First rate of retraining.
    factor : float
        Times fewer parameters by pruning.
    keep : float
        Share of channels that stay.
    bits : int
        Bits of a shared weight of a dense layer.
    speedup : float
        Times fewer products by low ranks; 0 for a network without convolutions.
    pupil : str
        Layers of the student.
    every : bool
        Whether the first and the last layer become ternary too.
    half : bool
        Whether trainings may multiply in bfloat16 (:func:`train.compress.fit.fit`).
    """

    name: str
    dataset: str
    epochs: int
    again: int
    bits_epochs: int
    augment: str = "none"
    rate: float = 1e-3
    factor: float = 12.0
    keep: float = 0.5
    bits: int = 5
    conv_bits: int = 8
    speedup: float = 4.0
    pupil: str = ""
    every: bool = False
    half: bool = False

    @property
    def layers(self):
        return NETWORKS[self.name]


SETTINGS = {
    "lenet300": Setting("lenet300", "mnist", epochs=15, again=5, bits_epochs=10, rate=2e-3,
                        factor=11, bits=4, speedup=0, pupil="dense 40, dense 20, scores",
                        every=True),
    "lenet5": Setting("lenet5", "mnist", epochs=6, again=2, bits_epochs=6, factor=14, bits=4,
                      conv_bits=6,
                      pupil="conv 6 5x5 valid, pool, conv 12 5x5 valid, pool, dense 40, scores"),
    "cifar": Setting("cifar", "cifar10-jpeg", epochs=12, again=3, bits_epochs=8, augment="mirror",
                     factor=6, keep=0.6, bits=6, half=True,
                     pupil="conv 16 norm, pool, conv 32 norm, pool, conv 64 norm, pool, scores"),
}
SETTINGS["lenet"] = SETTINGS["lenet5"]


def whole(found, setting, folder):
    return found.float_row()


def magnitude(found, setting, folder):
    made, row = found.run(prune.compress, factor=setting.factor)
    scan = row.facts.pop("scan")
    sensitivity.draw(folder / "sensitivity.png", scan, f"{setting.name}: one layer pruned")
    row.facts["compared"] = by_saliency.compare(found.network, found.parts)
    task.save(_pruned(found, folder), found, made)
    return row


def saliency(found, setting, folder):
    _, row = found.run(prune.compress, factor=setting.factor, kind="saliency")
    row.facts.pop("scan")
    return row


def shared(found, setting, folder):
    path = _pruned(found, folder)
    if not path.exists():
        magnitude(found, setting, folder)
    start = replace(found, network=checkpoint.load(path).network)
    return start.run(share.compress, labels=found.labels, image_shape=found.image_shape,
                     factor=1, bits=setting.bits, conv_bits=setting.conv_bits)[1]


def _pruned(found, folder):
    return folder / f"pruned-{found.retrain.seed}.float.npz"


def narrow(found, setting, folder):
    return found.run(channels.compress, keep=setting.keep)[1]


def thin(found, setting, folder):
    if not setting.speedup:
        raise Skipped("the network has no convolutions")
    longer = replace(found.retrain, epochs=setting.epochs, rate=2e-3)
    return replace(found, retrain=longer).run(lowrank.compress, speedup=setting.speedup)[1]


def point(bits, dynamic):
    """Return the row of fixed point."""
    return lambda found, setting, folder: found.run(fixed.compress, bits=bits, dynamic=dynamic)[1]


def ternarized(plain):
    """Return the row of ternary weights."""
    def row(found, setting, folder):
        return _longer(found, setting).run(ternary.compress, plain=plain, every=setting.every)[1]
    return row


def taught(weight):
    """Return the row of a student; the teacher's weight is 0 for labels alone."""
    def row(found, setting, folder):
        pupil = build(setting.pupil, found.parts.train.shape, len(found.labels),
                      found.retrain.seed)
        longer = replace(found.retrain, epochs=setting.epochs, rate=2e-3)
        made = replace(found, network=pupil, retrain=longer).run(
            distil.compress, teacher=found.network, lesson=Lesson(weight))[1]
        made.method = "small network, distilled" if weight else "small network, labels alone"
        return made
    return row


def binarized(tables):
    """Return the row of a binarized network."""
    def row(found, setting, folder):
        if tables and setting.speedup:
            raise Skipped("look-up layers begin with dense layers only")
        return _longer(found, setting).run(binarize.compress, classes=len(found.labels),
                                           tables=tables)[1]
    return row


def integers(trained):
    """Return the row of int8, after training or aware of it."""
    def row(found, setting, folder):
        return found.run(int8, dataset=found.dataset, trained=trained)[1]
    return row


def int8(network, parts, retrain, *, dataset, trained):
    """Return an int8 network as :class:`.Compressed`."""
    traced, names = trace(network, parts.train.shape), (dataset.labels, dataset.input_shape)
    if trained:
        traced, scales = aware.retrain(traced, parts, epochs=retrain.epochs, seed=retrain.seed,
                                       augment=fit.AUGMENTS[retrain.augment])
        made = quantize.with_scales(traced, scales, *names)
    else:
        made = quantize.quantize(traced, parts.calibration, *names)
    network = Pixels(lambda images: simulate.scores(made, images.numpy()))
    name = "int8, aware in training" if trained else "int8, after training"
    return Compressed(name, network, traced.parameters, 8, made.learnable_bytes, made.macs)


def _longer(found, setting):
    return replace(found, retrain=replace(found.retrain, epochs=setting.bits_epochs))


METHODS = {
    "float32": whole, "prune": magnitude, "saliency": saliency, "channels": narrow,
    "fixed8": point(8, True), "fixed8-one": point(8, False), "fixed4": point(4, True),
    "fixed4-one": point(4, False), "int8": integers(False), "int8-aware": integers(True),
    "share": shared, "lowrank": thin,
    "ternary-plain": ternarized(True), "ternary": ternarized(False), "small": taught(0.0),
    "distil": taught(WEIGHT), "binarize": binarized(False), "lookup": binarized(True),
}
AFTER = {"share": "prune"}  # rows that begin with the network of another one
