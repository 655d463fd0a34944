"""Names the first output, layer by layer, in which a computation of a network is not golden's."""

from dataclasses import dataclass

import numpy as np

from .. import golden


UNIT = {"encoder": "bit", "dense": "neuron", "scores": "class"}


@dataclass(frozen=True)
class Difference:
    """An output that is not golden's, the first one.

    Attributes
    ----------
    layer : Encoder, Dense or Scores
        Where it is.
    index : int
        Bit, neuron or class.
    got, want : int
        The output and golden's; ``got`` is None if there was none.
    popcount : int or None
        Of a neuron: its synapses that agree with their inputs, which all were golden's.
    """

    layer: object
    index: int
    got: int | None
    want: int
    popcount: int | None = None

    def text(self, who):
        """Return it as a line for people; ``who`` computed the other output: "RTL"."""
        detail = ""
        if self.popcount is not None:
            detail = (f" (popcount {self.popcount} of {self.layer.fan_in[self.index]}, threshold "
                      f"{self.layer.thresholds[self.index]})")
        got = "nothing" if self.got is None else self.got
        return (f"layer {self.layer.name!r}, {UNIT[self.layer.kind]} {self.index}: {who} {got}, "
                f"golden {self.want}{detail}")


def first_difference(network, expected, outputs):
    """Return the first :class:`Difference` of outputs from golden's, or None.

    Parameters
    ----------
    network : sw.network.Network
        The network.
    expected, outputs : list of ndarray, shape (outputs,)
        What each layer puts out for one image, golden's and the other's; the other's may be short
        where something got stuck.
    """
    for place, (layer, want, got) in enumerate(zip(network.layers, expected, outputs, strict=True)):
        differ = np.flatnonzero(want[:len(got)] != got)
        if not len(differ) and len(got) == len(want):
            continue
        index = int(differ[0]) if len(differ) else len(got)
        popcount = None
        if layer.kind == "dense":
            popcount = int(golden.popcounts(layer, expected[place - 1][None])[0, index])
        return Difference(layer, index, int(got[index]) if index < len(got) else None,
                          int(want[index]), popcount)
    return None
