"""Trained look-up layer: wires and tables as training left them, which fold to themselves."""

from dataclasses import dataclass

import numpy as np

from ..layer.lookup import Lookup
from .kind import FOLDS, Trained


@dataclass(frozen=True, eq=False)
class TrainedLookup(Trained):
    """Look-up layer, as trained. Training ends with hard wires and tables of bits.

    Attributes
    ----------
    name, wires, tables, width
        As in :class:`sw.layer.lookup.Lookup`.
    """

    kind = "lookup"
    arrays = ("wires", "tables")
    integers = ("width",)
    any_function = True

    name: str
    wires: np.ndarray
    tables: np.ndarray
    width: int

    def check(self):
        folded = fold_lookup(self)  # refuses what the folded layer cannot be
        for array in self.arrays:
            object.__setattr__(self, array, getattr(folded, array))

    @property
    def inputs(self):
        return self.width

    @property
    def outputs(self):
        return len(self.wires)

    @property
    def links(self):
        """Inputs on which each neuron depends, bool (neurons, inputs)."""
        depends = np.zeros((self.outputs, self.inputs), dtype=bool)
        for row, function in zip(depends, fold_lookup(self).functions, strict=True):
            row[list(function.inputs)] = True
        return depends

    @property
    def constant(self):
        """Neurons that give the same bit for all inputs, bool (neurons,)."""
        return fold_lookup(self).fan_in == 0

    def report(self, folded):
        constant = int((folded.fan_in == 0).sum())
        return (f"{folded.name}: {folded.inputs} inputs, {folded.outputs} tables of "
                f"{folded.wires.shape[1]} inputs, {int(folded.fan_in.sum())} that matter, "
                f"{constant} constant")


@FOLDS.register(TrainedLookup)
def fold_lookup(layer):
    """Return the layer of the same wires and tables."""
    return Lookup(layer.name, layer.wires, layer.tables, layer.width)
