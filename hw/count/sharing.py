"""Triples of synapses that several neurons share: one full adder counts for all of them."""

from dataclasses import dataclass

import numpy as np


__all__ = ["Triple", "shared_triples"]


@dataclass(frozen=True)
class Triple:
    """Three synapses of several neurons.

    A neuron with the three opposite weights takes sum and carry of the same full adder inverted,
    because inverting all three bits inverts both outputs of a full adder.

    Attributes
    ----------
    inputs : tuple of int
        Inputs of the layer.
    weights : tuple of int
        Weight -1 or +1 of each input; the first one is +1.
    uses : tuple of (neuron, sign)
        At least two neurons, whose weights are these (sign 1) or the opposites (sign -1).
    """

    inputs: tuple
    weights: tuple
    uses: tuple

    def renumbered(self, inputs, neurons):
        """Return the triple with a layer's indices, after a search in a part of the layer."""
        return Triple(tuple(int(inputs[index]) for index in self.inputs), self.weights,
                      tuple((neurons[row], sign) for row, sign in self.uses))

    def saved(self, family):
        """Return the full adders saved. iCE40 needs one for each sign: its chains cannot invert."""
        return len(self.uses) - (1 if family == "ecp5" else len({sign for _, sign in self.uses}))


def shared_triples(weights, most=None):
    """Find triples greedily: the pair that most neurons share, then the best third input for it.

    No synapse is in two triples. A neuron has its triples in the order of the list.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1 or +1 for a synapse, 0 for none.
    most : sequence of int, optional
        Most triples of each neuron, which are the full adders at its leaves. None: any number.

    Returns
    -------
    list of Triple
        Each triple saves a full adder for each of its uses but one.
    """
    left = weights.astype(np.int32)  # synapses that are in no triple yet
    room = np.full(len(left), left.shape[1]) if most is None else np.array(most)
    left[room < 1] = 0
    pairs = _Pairs(left)
    triples = []
    while True:
        first, second, sign, count = pairs.best()
        if count < 2:
            return triples
        sides = left[:, first] * (left[:, first] * left[:, second] == sign)
        rows = np.flatnonzero(sides)
        aligned = left[rows] * sides[rows, None]
        aligned[:, [first, second]] = 0
        votes = np.stack([(aligned > 0).sum(axis=0), (aligned < 0).sum(axis=0)])
        negative, third = np.unravel_index(votes.argmax(), votes.shape)
        if votes[negative, third] < 2:
            pairs.discard(first, second, sign)
            continue
        weight = -1 if negative else 1
        users = rows[aligned[:, third] == weight]
        triples.append(Triple((int(first), int(second), int(third)), (1, int(sign), weight),
                              tuple((int(row), int(sides[row])) for row in users)))
        for row in users:
            room[row] -= 1
            gone = [first, second, third] if room[row] else np.flatnonzero(left[row])
            pairs.remove(left[row], gone)
            left[row, gone] = 0


class _Pairs:
    """Number of rows in which two columns have equal weights, and in which opposite ones."""

    def __init__(self, weights):
        present = np.abs(weights)
        both, product = present.T @ present, weights.T @ weights
        self.counts = np.stack([(both + product) // 2, (both - product) // 2])
        for counts in self.counts:
            counts[np.tril_indices_from(counts)] = 0
        self._best = self.counts.max(axis=2)  # of each row, because only few rows change in a step

    def best(self):
        """Return (first, second, sign, count) of the pair that most rows have."""
        kind, first = np.unravel_index(self._best.argmax(), self._best.shape)
        second = self.counts[kind, first].argmax()
        return first, second, -1 if kind else 1, self._best[kind, first]

    def discard(self, first, second, sign):
        """Forget a pair."""
        self.counts[int(sign < 0), first, second] = np.iinfo(np.int32).min // 2
        self._best[int(sign < 0), first] = self.counts[int(sign < 0), first].max()

    def remove(self, row, gone):
        """Subtract a row's pairs that have one of the columns ``gone``."""
        columns = np.flatnonzero(row)
        first, second = np.triu_indices(len(columns), 1)
        touched = np.isin(columns, gone)
        first, second = (index[touched[first] | touched[second]] for index in (first, second))
        kind = (row[columns[first]] != row[columns[second]]).astype(int)
        self.counts[kind, columns[first], columns[second]] -= 1
        self._best[:, columns] = self.counts[:, columns].max(axis=2)
