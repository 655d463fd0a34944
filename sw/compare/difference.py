"""Names the first output, layer by layer, in which a computation of a network is not golden's."""

from dataclasses import dataclass

import numpy as np

from ..show.show import SHOWN


@dataclass(frozen=True)
class Difference:
    """An output that is not golden's, the first one.

    Attributes
    ----------
    layer : sw.layer.kind.Layer
        Where it is.
    index : int
        Which output of the layer.
    got, want : int
        The output and golden's; ``got`` is None if there was none.
    detail : str
        Why golden's output is what it is, of inputs that all were golden's.
    """

    layer: object
    index: int
    got: int | None
    want: int
    detail: str = ""

    def text(self, who):
        """Return it as a line for people; ``who`` computed the other output: "RTL"."""
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
        What each layer puts out for one image, golden's and the other's; the other's may be short
        where something got stuck.
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
