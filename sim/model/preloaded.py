"""A component whose weights are loaded from a ROM, so that benches for streams can run it."""

from amaranth import Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out


__all__ = ["Preloaded", "preloaded"]


def preloaded(component):
    """Return the component itself, or one that loads it if it has weights in SPRAM."""
    return Preloaded(component) if getattr(component, "load", None) else component


class Preloaded(wiring.Component):
    """Loads a component's ``weights``, one word per cycle from reset on.

    The inner component takes its first input word after that: latency and throughput are its own.

    Parameters
    ----------
    inner : :class:`hw.stage.mvtu.MVTU` or :class:`hw.accelerator.Accelerator`
        What has ``weights`` and ``load``.
    words : list of int, optional
        Words to load instead of ``inner.load``: a fault.

    Members
    -------
    i, o
        Those of ``inner``.
    """

    def __init__(self, inner, words=None):
        self.inner = inner
        self.words = inner.load if words is None else words
        super().__init__({"i": In(inner.i.signature.flip()), "o": Out(inner.o.signature)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        wiring.connect(m, wiring.flipped(self.i), inner.i)
        wiring.connect(m, inner.o, wiring.flipped(self.o))

        m.submodules.words = words = memory.Memory(shape=16, depth=len(self.words),
                                                   init=self.words)
        read = words.read_port()
        index = Signal(range(len(self.words) + 1))
        m.d.comb += read.addr.eq(index)
        m.d.comb += inner.weights.payload.eq(read.data)
        with m.If(index != len(self.words)):
            m.d.sync += index.eq(index + 1)
        m.d.sync += inner.weights.valid.eq(index != len(self.words))
        return m
