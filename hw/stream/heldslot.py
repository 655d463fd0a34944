"""The one slot behind a slow pipeline that holds its result itself until it is taken."""

from amaranth import *

from .credit import Queue


__all__ = ["HeldSlot"]


class HeldSlot(Queue):
    """A queue of one slot without a register for the payload.

    The producer must hold ``payload`` from the cycle after ``push`` on, until the slot is free
    again.

    Latency from ``push`` to ``o.valid`` is 1 cycle.

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.

    Members
    -------
    free, reserve, push, payload, o
        As of a :class:`hw.stream.credit.Queue`; the payload is there from the cycle behind ``push``
        on.
    """

    latency = 1

    def __init__(self, shape):
        super().__init__(shape, free=1)

    def elaborate(self, platform):
        m = Module()
        taken = Signal()
        m.d.comb += taken.eq(self.o.valid & self.o.ready)
        m.d.comb += self.o.payload.eq(self.payload)
        m.d.sync += self.o.valid.eq(self.push | (self.o.valid & ~taken))
        m.d.sync += self.free.eq(taken | (self.free & ~self.reserve))
        return m
