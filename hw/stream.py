"""Streams: stages in a row, a register between two, and a queue behind a free-running pipeline."""

from itertools import pairwise
from math import ceil

from amaranth import *
from amaranth.lib import fifo, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped


__all__ = ["CreditQueue", "Dataflow", "Relay", "StreamBuffer", "queue_size"]

# Deepest queue that reads its memory without a register, which block RAM cannot, and sees a slot
# that is given back at once.
SMALL_QUEUE = 4


def queue_size(push_delay, interval):
    """Return depth and latency of a queue that never slows its pipeline down.

    Parameters
    ----------
    push_delay : int
        Cycles from the reservation of a slot to its push.
    interval : int
        Cycles between two reservations.
    """
    depth = ceil((push_delay + 2) / interval)  # until the freed slot is seen
    if depth <= SMALL_QUEUE:
        return depth, 1
    return ceil((push_delay + 4) / interval), 2


class StreamBuffer(wiring.Component):
    """One register between a producer and a consumer.

    Latency is 1 cycle; throughput is one payload per cycle.

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.

    Members
    -------
    i : In(stream.Signature(shape))
        Payloads.
    o : Out(stream.Signature(shape))
        The same payloads.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(self.i.valid)
            m.d.sync += self.o.payload.eq(self.i.payload)
        return m


class Relay(wiring.Component):
    """One register between a producer and a consumer that do not see each other in a cycle.

    Latency is 1 cycle; throughput is one payload every 2 cycles.

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.

    Members
    -------
    i : In(stream.Signature(shape))
        Payloads.
    o : Out(stream.Signature(shape))
        The same payloads.
    """

    def __init__(self, shape):
        self.shape = shape
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid)
        m.d.sync += self.o.valid.eq(Mux(self.o.valid, ~self.o.ready, self.i.valid))
        with m.If(~self.o.valid):
            m.d.sync += self.o.payload.eq(self.i.payload)
        return m


class CreditQueue(wiring.Component):
    """The output of a pipeline that cannot wait.

    The pipeline's head takes a slot by ``reserve`` for each payload it lets in; its tail delivers
    that payload by ``push``, any number of cycles later, and is never refused. A slot is free
    again when the consumer has taken its payload, or a cycle later in queues of more than 4 slots.

    Latency from ``push`` to ``o.valid`` is 1 cycle, or 2 in queues of more than 4 slots, which may
    be block RAM (:attr:`latency`). Throughput is one payload per cycle if ``depth`` covers the
    cycles from ``reserve`` until the freed slot is seen (:func:`queue_size`).

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.
    depth : int
        Number of slots, at least 1.

    Members
    -------
    free : Out(1)
        A slot is free.
    reserve : In(1)
        Takes a slot; ignored while none is ``free``.
    push : In(1)
        Delivers ``payload`` into the oldest slot reserved.
    payload : In(shape)
        What is delivered.
    o : Out(stream.Signature(shape))
        The payloads, in order.
    """

    def __init__(self, shape, *, depth):
        if depth < 1:
            raise ValueError(f"Depth of a queue must be at least 1: {depth}")
        self.shape = shape
        self.depth = depth
        self.latency = 1 if depth <= SMALL_QUEUE else 2
        super().__init__({
            "free": Out(1),
            "reserve": In(1),
            "push": In(1),
            "payload": In(shape),
            "o": Out(stream.Signature(shape)),
        })

    def elaborate(self, platform):
        m = Module()

        # Credits: slots neither reserved nor filled.
        credits = Signal(range(self.depth + 1), init=self.depth)
        taken = Signal()
        returned = Signal()
        m.d.comb += self.free.eq(credits != 0)
        m.d.comb += taken.eq(self.reserve & self.free)
        if self.depth > SMALL_QUEUE:  # nothing from one end to the other in a cycle
            m.d.sync += returned.eq(self.o.valid & self.o.ready)
        else:
            m.d.comb += returned.eq(self.o.valid & self.o.ready)
        with m.If(taken ^ returned):
            m.d.sync += credits.eq(credits + Cat(1, (~returned).replicate(len(credits) - 1)))

        if self.depth == 1:
            with m.If(returned):
                m.d.sync += self.o.valid.eq(0)
            with m.If(self.push):
                m.d.sync += self.o.valid.eq(1)
                m.d.sync += self.o.payload.eq(self.payload)
            return m

        if self.depth > SMALL_QUEUE:
            self._keep(m)
            return m
        width = Shape.cast(self.shape).width
        m.submodules.slots = slots = fifo.SyncFIFO(width=width, depth=self.depth)
        m.d.comb += slots.w_en.eq(self.push)
        m.d.comb += slots.w_data.eq(Value.cast(self.payload))
        m.d.comb += self.o.valid.eq(slots.r_rdy)
        m.d.comb += Value.cast(self.o.payload).eq(slots.r_data)
        m.d.comb += slots.r_en.eq(self.o.ready)
        return m

    def _keep(self, m):
        """Keep payloads in a memory that credits keep from being full: no write is ever refused.

        It has a slot more than are ever taken, so that equal addresses say that it is empty.
        """
        m.submodules.slots = slots = memory.Memory(shape=self.shape, depth=self.depth + 1, init=[])
        write, read = slots.write_port(), slots.read_port()
        m.d.comb += [write.en.eq(self.push), write.data.eq(self.payload)]
        m.d.comb += self.o.payload.eq(read.data)
        fetch = Signal()
        m.d.comb += fetch.eq((read.addr != write.addr) & (~self.o.valid | self.o.ready))
        m.d.comb += read.en.eq(fetch)
        for port, moves in (write, self.push), (read, fetch):
            with m.If(moves):
                m.d.sync += port.addr.eq(Mux(port.addr == self.depth, 0, port.addr + 1))
        m.d.sync += self.o.valid.eq(fetch | (self.o.valid & ~self.o.ready))


class Dataflow(wiring.Component):
    """Stages in a row, each with an ``i`` and an ``o`` stream.

    Latency is the sum of the stages'; throughput is that of the slowest.

    Parameters
    ----------
    stages : dict of str to :class:`wiring.Component`
        The stages in order, by the name each has in waveforms and reports.

    Members
    -------
    i
        Input of the first stage.
    o
        Output of the last stage.
    """

    def __init__(self, stages):
        self.stages = dict(stages)
        first, *_, last = [*self.stages.values()] * 2
        super().__init__({"i": Out(first.i.signature), "o": Out(last.o.signature)})

    def elaborate(self, platform):
        m = Module()
        for name, stage in self.stages.items():
            m.submodules[name] = stage
        for producer, consumer in pairwise(self.stages.values()):
            connect(m, producer.o, consumer.i)
        first, *_, last = [*self.stages.values()] * 2
        connect(m, flipped(self.i), first.i)
        connect(m, last.o, flipped(self.o))
        return m
