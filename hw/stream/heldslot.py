"""The one slot behind a slow pipeline that holds its result itself until it is taken."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out


__all__ = ["HeldSlot"]


class HeldSlot(wiring.Component):
    """A queue of one slot without a register for the payload.

    The members are those of a :class:`hw.stream.credit.CreditQueue`, but the producer must hold
    ``payload`` from the cycle after ``push`` on, until the slot is free again.

    Latency from ``push`` to ``o.valid`` is 1 cycle.

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.

    Members
    -------
    free : Out(1)
        The slot is free.
    reserve : In(1)
        Takes the slot; ignored while it is not ``free``.
    push : In(1)
        The payload is there from the next cycle on.
    payload : In(shape)
        Payload, held by the producer.
    o : Out(stream.Signature(shape))
        The payloads, in order.
    """

    latency = 1

    def __init__(self, shape):
        self.shape = shape
        super().__init__({
            "free": Out(1, init=1),
            "reserve": In(1),
            "push": In(1),
            "payload": In(shape),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform):
        m = Module()
        taken = Signal()
        m.d.comb += taken.eq(self.o.valid & self.o.ready)
        m.d.comb += self.o.payload.eq(self.payload)
        m.d.sync += self.o.valid.eq(self.push | (self.o.valid & ~taken))
        m.d.sync += self.free.eq(taken | (self.free & ~self.reserve))
        return m
