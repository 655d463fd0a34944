"""A pipeline that cannot wait between two streams: what is no component of its own, for a bench."""

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.count.popcount import Delays
from hw.stream.credit import CreditQueue, queue_size


class FreeRunning(wiring.Component):
    """Logic and delays behind a stream, with a :class:`hw.stream.credit.CreditQueue` at the end.

    Latency is ``cycles`` and the queue's (:attr:`latency`); throughput is one word per cycle.

    Parameters
    ----------
    i_width, o_width : int
        Bits of an input word and of an output word.
    cycles : int
        Delay of ``build``.
    build : callable
        From a :class:`hw.count.popcount.Delays` and a list of bits to the list of output bits,
        ``cycles`` cycles later.

    Members
    -------
    i : In(stream.Signature(i_width))
        Input words.
    o : Out(stream.Signature(o_width))
        What becomes of them.
    """

    def __init__(self, i_width, o_width, *, cycles, build):
        self.cycles = cycles
        self.build = build
        self.queue_depth, queue_latency = queue_size(cycles, 1)
        self.latency = cycles + queue_latency
        self.o_width = o_width
        super().__init__({"i": In(stream.Signature(i_width)), "o": Out(stream.Signature(o_width))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CreditQueue(self.o_width, depth=self.queue_depth)
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        transfer = Signal()
        m.d.comb += self.i.ready.eq(queue.free)
        m.d.comb += transfer.eq(self.i.valid & queue.free)
        m.d.comb += queue.reserve.eq(transfer)

        coming = transfer
        for cycle in range(self.cycles):
            later = Signal(name=f"coming_{cycle}")
            m.d.sync += later.eq(coming)
            coming = later
        m.d.comb += queue.push.eq(coming)
        m.d.comb += Value.cast(queue.payload).eq(
            Cat(*self.build(Delays(m, "wait"), list(self.i.payload))))
        return m
