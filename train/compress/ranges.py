"""Ranges of weights and activations: least and greatest value, and a histogram by powers of two."""

from dataclasses import dataclass

import numpy as np
import torch

from .fit import CHUNK
from .trace import shown


POWERS = range(-16, 17)  # the bar of power p counts values with 2**p <= |x| < 2**(p+1)
SAMPLE = 2**18  # absolute values of an activation that are kept for the share of outliers


@dataclass(frozen=True, eq=False)
class Range:
    """Range of a learnable or an activation.

    Attributes
    ----------
    name : str
        Name of the layer in the optimized network, where BatchNorm is merged.
    given : str
        Name in the given network: of the parameter or of the module.
    what : str
        ``weight``, ``bias`` or the like of a learnable, or ``activation``.
    low, high : float
        Least and greatest value.
    zeros : int
        Values that are 0.
    powers : ndarray of int64, shape (len(POWERS),)
        Values by power of two; those outside are in the first and the last.
    """

    name: str
    given: str
    what: str
    low: float
    high: float
    zeros: int
    powers: np.ndarray

    @property
    def count(self):
        return int(self.zeros + self.powers.sum())

    def to_json(self):
        """Return the row of a table, a dict for JSON."""
        used = {str(power): int(count) for power, count in zip(POWERS, self.powers, strict=True)
                if count}
        return {"optimized": self.name, "given": self.given, "what": self.what, "min": self.low,
                "max": self.high, "zeros": self.zeros, "powers": used}

    def with_value(self, value):
        """Return the range that covers a tensor, too."""
        other = of_value(self.name, self.given, self.what, value)
        return Range(self.name, self.given, self.what, min(self.low, other.low),
                     max(self.high, other.high), self.zeros + other.zeros,
                     self.powers + other.powers)


def of_value(name, given, what, value):
    """Return the range of a tensor.

    Raises
    ------
    ValueError
        If a value is NaN or infinite.
    """
    array = value.detach().numpy().ravel()
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{what.capitalize()} of layer {name!r} must be finite: it has NaN or "
                         f"infinity (check the data and the weights)")
    _, exponents = np.frexp(array[array != 0])  # |x| = m * 2**e with m in 0.5..1
    places = np.clip(exponents - 1 - POWERS[0], 0, len(POWERS) - 1)
    counts = np.bincount(places, minlength=len(POWERS)).astype(np.int64)
    return Range(name, given, what, low, high, int(array.size - len(exponents)), counts)


def of_learnables(traced):
    """Return the ranges of all learnables of a traced network, in order."""
    return [of_value(layer.name, layer.sources.get(what) or layer.given, what, value)
            for layer in traced.layers for what, value in layer.learnables.items()]


def of_activations(traced, part, share=1.0):
    """Return the range of each layer's output over calibration images, in order.

    Parameters
    ----------
    traced : train.compress.trace.Traced
        The network.
    part : train.compress.data.Part
        Calibration images.
    share : float
        Share of the values, by magnitude, that the least and greatest value shall cover; 1 for
        all. The values of a few images are looked at.

    Returns
    -------
    list of Range
    """
    found, kept = {}, {}

    def see(layer, value):
        row = found.get(layer.name)
        found[layer.name] = row.with_value(value) if row else \
            of_value(layer.name, layer.given, "activation", value)
        if share < 1:
            flat = value.ravel()
            step = max(1, flat.numel() // (SAMPLE // chunks))
            kept.setdefault(layer.name, []).append(flat[::step].clone())

    if not 0.5 < share <= 1:
        raise ValueError(f"Share of values that a range covers must be above 0.5, at most 1: "
                         f"{share}")
    chunks = -(-len(part) // CHUNK)
    for chunk in shown(part.inputs, "calibration"):
        traced.run(chunk, see)
    return [_cut(row, kept, share) for row in found.values()]


def _cut(row, kept, share):
    """Return a range without the share of its outermost values."""
    if share == 1:
        return row
    sample = torch.cat(kept[row.name]).numpy()
    low, high = np.quantile(sample, [1 - share, share])
    return Range(row.name, row.given, row.what, float(max(low, row.low)),
                 float(min(max(high, low + 1e-9), row.high)), row.zeros, row.powers)
