"""Names the first layer and output in which another computation differs from golden."""

from dataclasses import dataclass

import numpy as np

from ..show.show import SHOWN


@dataclass(frozen=True)
class Difference:
    """The first output that differs from golden's.

    Attributes
    ----------
    layer : sw.layer.kind.Layer
        Layer of the output.
    index : int
        Index of the output in the layer.
    got, want : int
        The output and golden's output; ``got`` is None if the other computation got stuck.
    detail : str
        Reason for golden's output: its popcount and threshold. The layer's inputs were equal.
    """

    layer: object
    index: int
    got: int | None
    want: int
    detail: str = ""

    def text(self, who):
        """Return the difference as one line; ``who`` computed the other output: "RTL"."""
        got = "nothing" if self.got is None else self.got
        unit = SHOWN.of(self.layer).unit
        return (f"layer {self.layer.name!r}, {unit} {self.index}: {who} {got}, golden "
                f"{self.want}{self.detail}")


def first_difference(network, expected, outputs):
    """Return the first :class:`Difference` of outputs from golden's, or None.

    Parameters
    ----------
    network : sw.network.Network
        The network.
    expected, outputs : list of ndarray, shape (outputs,)
        Outputs of each layer for one image, golden's and the other computation's. An array of the
        other may be short if the computation got stuck.
    """
    for place, (layer, want, got) in enumerate(zip(network.layers, expected, outputs, strict=True)):
        differ = np.flatnonzero(want[:len(got)] != got)
        if not len(differ) and len(got) == len(want):
            continue
        index = int(differ[0]) if len(differ) else len(got)
        detail = SHOWN.of(layer).detail(layer, expected[place - 1], index) if place else ""
        return Difference(layer, index, int(got[index]) if index < len(got) else None,
                          int(want[index]), detail)
    return None
