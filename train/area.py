"""Estimated LUT4 of a wired network, as far as training decides them."""

from dataclasses import dataclass

import numpy as np

from sw.trained.last import fold_last


TABLES = (0, 1, 1, 1, 1, 2, 3, 6, 6)  # LUT4 of a neuron with few synapses: a truth table
LEARNT = (0, 0, 1, 1, 1, 2, 4)  # of a learnt table: of one input it is a wire or an inverter
LABEL_SELECT = 250  # of scores that trees count


@dataclass(frozen=True)
class Family:
    """LUT4 of a synapse, in neurons that have too many synapses for a truth table.

    Attributes
    ----------
    synapse : float
        LUT4 of a synapse of a hidden neuron.
    score : float
        LUT4 of a synapse of the last layer.
    vote : float
        LUT4 of a vote (:attr:`sw.network.Scores.counts_votes`).
    columns : bool
        Whether votes are counted over columns. Label select is smaller then.
    """

    synapse: float
    score: float
    vote: float
    columns: bool


FAMILIES = {"ecp5": Family(1.15, 1.1, 1.2, True), "ice40": Family(1.5, 1.5, 1.5, False)}


@dataclass(frozen=True)
class Area:
    """LUT4 of a network, by layer.

    Attributes
    ----------
    layers : tuple of (str, int, int, float)
        Name; neurons; neurons that are not constant and that another neuron reads; LUT4.
    inputs : int
        Encoded inputs that some neuron reads. Each takes a register.
    label : int
        LUT4 of label select.
    """

    layers: tuple
    inputs: int
    label: int

    @property
    def lut4(self):
        return round(sum(layer[-1] for layer in self.layers) + self.label)

    def lines(self):
        """Yield the area as lines of a table."""
        yield f"{'layer':<8} {'neurons':>8} {'needed':>8} {'LUT4':>8}"
        for name, neurons, needed, lut4 in self.layers:
            yield f"{name:<8} {neurons:>8} {needed:>8} {lut4:>8.0f}"
        yield f"{'label':<8} {'':>8} {'':>8} {self.label:>8}"
        yield f"{'in all':<8} {'':>8} {'':>8} {self.lut4:>8}  and {self.inputs} input bits"


def neuron(fan_in, family):
    """Return the LUT4 of hidden neurons from their numbers of synapses, array for array."""
    tables = np.array(TABLES)[np.minimum(fan_in, len(TABLES) - 1)]
    return np.where(fan_in < len(TABLES), tables, FAMILIES[family].synapse * fan_in)


def label_select(classes, fan_in, family, votes):
    """Return the LUT4 of label select.

    Parameters
    ----------
    classes : int
        Number of scores.
    fan_in : int
        Most synapses of a class.
    family : str
        One of ``FAMILIES``.
    votes : bool
        Whether the synapses are votes.
    """
    if not (votes and FAMILIES[family].columns):
        return LABEL_SELECT
    # Fitted to ten classes: 117, 131, 151 LUT4 for 6, 7, 8 bits (docs/decisions/026-votes.md).
    return (2 * classes - 3) * int(fan_in).bit_length() + classes + 4


def planned(hidden, counts, classes, family="ecp5", *, votes=False):
    """Return the LUT4 of an untrained network, in which every neuron counts.

    Parameters
    ----------
    hidden : sequence of int
        Neurons of each hidden layer.
    counts : sequence of int
        Synapses, or inputs of a table, of a neuron of each layer, the last one included.
    classes : int
        Number of classes.
    family : str
        One of ``FAMILIES``.
    votes : bool
        Whether the last layer counts votes.
    """
    made = FAMILIES[family]
    last = classes * counts[-1] * (made.vote if votes else made.score)
    layers = sum(width * float(neuron(np.array(count), family))
                 for width, count in zip(hidden, counts, strict=False))
    return round(layers + last + label_select(classes, counts[-1], family, votes))


def measure(checkpoint, family="ecp5"):
    """Return the area of a trained network.

    Constant neurons, their outgoing synapses, and neurons that nothing reads take nothing. Equal
    neurons are counted each, although synthesis merges them.

    Parameters
    ----------
    checkpoint : sw.checkpoint.Checkpoint
        The trained network.
    family : str
        One of ``FAMILIES``.
    """
    masks, varying = [], np.ones(checkpoint.first.outputs, dtype=bool)
    for layer in (*checkpoint.hidden, checkpoint.last):
        masks.append(layer.links & varying)
        if layer is not checkpoint.last:
            varying = ~layer.constant
            masks[-1][~varying] = False
    votes = fold_last(checkpoint.last).counts_votes
    score = FAMILIES[family].vote if votes else FAMILIES[family].score
    label = label_select(checkpoint.last.outputs, masks[-1].sum(axis=1).max(), family, votes)
    seen, parts = np.ones(checkpoint.last.outputs, dtype=bool), []
    for layer, mask in zip((*checkpoint.hidden, checkpoint.last)[::-1], masks[::-1], strict=True):
        fan_in = mask[seen].sum(axis=1)
        lut4 = (score * fan_in if layer is checkpoint.last
                else np.array(LEARNT)[fan_in] if layer.any_function
                else neuron(fan_in, family)).sum()
        parts.append((layer.name, layer.outputs, int((fan_in > 0).sum()), float(lut4)))
        seen = mask[seen].any(axis=0)
    return Area(tuple(parts[::-1]), int(seen.sum()), label)
