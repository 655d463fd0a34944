"""What every stage of an accelerator has: streams, a handshake, resources, taps and a load."""

from dataclasses import dataclass

from amaranth.lib import wiring


__all__ = ["PipelineTap", "Stage", "StreamTap"]


@dataclass(frozen=True)
class StreamTap:
    """Where a layer's outputs pass as words of a stream.

    Attributes
    ----------
    layer : str
        Name of the layer.
    path : tuple of str
        Submodules from the accelerator to the one that has the stream.
    port : str
        ``"i"`` or ``"o"``.
    words, width : int
        Words of a vector, and bits of a word.
    """

    layer: str
    path: tuple
    port: str
    words: int
    width: int


@dataclass(frozen=True)
class PipelineTap:
    """Where layers' outputs pass in a pipeline that nothing stops.

    Attributes
    ----------
    path : tuple of str
        Submodules from the accelerator to the pipeline. A submodule of each layer's name in it has
        the outputs at its port ``y``.
    layers : tuple of (str, int, int)
        Name of each layer, cycles from a vector's entry into the pipeline until its outputs are
        there, and their bits.
    """

    path: tuple
    layers: tuple


class Stage(wiring.Component):
    """A stage of an accelerator, with streams ``i`` and ``o``.

    Attributes
    ----------
    latency : int
        Cycles from the last word of a vector to its last result; 0 for nothing but wires.
    load : list of int
        Words for the stream ``weights`` before the first vector. A stage that has any has an output
        ``last_weight`` too, which says that the next word is the last one.
    """

    latency = 0
    load = ()

    def handshake(self):
        """Return a model of the handshake: ``valid``, ``ready(o_ready)``, ``tick(i, o)``."""
        raise NotImplementedError

    def resources(self, name, family, left):
        """Return estimated resources by name: of the stage, or of its layers.

        Parameters
        ----------
        name : str
            Name of the stage.
        family : str
            ``"ecp5"`` or ``"ice40"``.
        left : dict of str to layer
            Layers of which synthesis leaves less, by name.
        """
        raise NotImplementedError

    def taps(self, path):
        """Return where the outputs of the stage's layers are seen; ``path`` leads to the stage."""
        return []

    def roms(self):
        """Return ROMs that must be found in a bitstream: a list of (words, bits of a word)."""
        return []
