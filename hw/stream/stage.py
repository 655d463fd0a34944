"""Base of all stages of an accelerator: streams, handshake, resources, taps, load and ROMs."""

from dataclasses import dataclass

from amaranth.lib import wiring


__all__ = ["PipelineTap", "Stage", "StreamTap"]


@dataclass(frozen=True)
class StreamTap:
    """Place where a layer's outputs pass as words of a stream.

    Attributes
    ----------
    layer : str
        Name of the layer.
    path : tuple of str
        Names of the submodules from the accelerator down to the one that has the stream.
    port : str
        ``"i"`` or ``"o"``.
    words, width : int
        Words of a vector; bits of a word.
    """

    layer: str
    path: tuple
    port: str
    words: int
    width: int


@dataclass(frozen=True)
class PipelineTap:
    """Place where layers' outputs pass in a pipeline that nothing stops.

    Attributes
    ----------
    path : tuple of str
        Names of the submodules from the accelerator down to the pipeline. The pipeline has a
        submodule of each layer's name, whose port ``y`` has the layer's outputs.
    layers : tuple of (str, int, int)
        Name of each layer; cycles from a vector's entry into the pipeline to the layer's outputs;
        bits of these outputs.
    """

    path: tuple
    layers: tuple


class Stage(wiring.Component):
    """A stage of an accelerator, with streams ``i`` and ``o``.

    Attributes
    ----------
    latency : int
        Cycles from the last word of a vector to its last result; 0 for a stage of wires.
    vectors : int
        Vectors of an image: one, or the windows of a convolution.
    load : list of int
        Words for the stream ``weights``, to load before the first vector. A stage with such words
        also has an output ``last_weight``, which says that the next word is the last one.
    preset : bool
        Whether the stage starts with these words, so that a load only replaces them.
    """

    latency = 0
    load = ()
    preset = False
    vectors = 1

    def handshake(self):
        """Return a model of the handshake: ``valid``, ``ready(o_ready)`` and ``tick(i, o)``."""
        raise NotImplementedError

    def resources(self, name, family, left):
        """Return a dict of estimated resources: one entry for the stage, or one for each layer.

        Parameters
        ----------
        name : str
            Name of the stage.
        family : str
            ``"ecp5"`` or ``"ice40"``.
        left : dict of str to layer
            Layers without the parts that synthesis removes, by name. Others count in full.
        """
        raise NotImplementedError

    def taps(self, path):
        """Return the taps of the stage's layers; ``path`` leads to the stage."""
        return []

    def roms(self):
        """Return the ROMs that a bitstream must hold: a list of (words, bits of a word)."""
        return []
