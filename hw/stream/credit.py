"""Streams: stages in a row, a register between two, and a queue behind a free-running pipeline."""

from itertools import pairwise
from math import ceil

from amaranth import *
from amaranth.lib import fifo, memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2

from ..count.lut import family_of
from ..plan.area import cells
from ..plan.area import memory as memory_resources
from .handshake import SMALL_QUEUE


__all__ = ["CreditQueue", "Dataflow", "Queue", "Relay", "StreamBuffer", "queue_resources",
           "queue_size", "queue_slots"]

LOGIC_SLOTS = 64  # most slots in distributed RAM, which is 5 ns faster than block RAM


def queue_size(push_delay, interval):
    """Return depth and latency of a queue that never slows its pipeline down.

    Parameters
    ----------
    push_delay : int
        Cycles from the reservation of a slot to its push.
    interval : int
        Cycles between two reservations.
    """
    depth = ceil((push_delay + 2) / interval)  # cycles until the freed slot is seen
    if depth <= SMALL_QUEUE:
        return depth, 1
    return ceil((push_delay + 4) / interval), 2


def queue_slots(depth):
    """Return the slots in the memory of a queue of ``depth``: a power of two if it is deep."""
    return 1 << ceil_log2(depth) if depth > SMALL_QUEUE else depth


def queue_resources(family, depth, width):
    """Return the estimated resources of a :class:`CreditQueue` with payloads of ``width`` bits."""
    if depth == 1:
        return cells(family, 4, width + 2)
    if depth > SMALL_QUEUE:
        return cells(family, 40, 30) + memory_resources(family, queue_slots(depth), width,
                                                 LOGIC_SLOTS)
    if family == "ecp5":
        return cells(family, ceil(width / 4) * 4 + 14, 10)
    return cells(family, (depth - 1) * width + 20, depth * width + 10)


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
    """One register that breaks all combinational paths between a producer and a consumer.

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


class Queue(wiring.Component):
    """Members of a queue whose slots are reserved before their payloads come.

    Parameters
    ----------
    shape : :class:`ShapeLike`
        Shape of the payload.
    free : int
        Initial value of the port ``free``, for a queue that has its register there.

    Members
    -------
    free : Out(1)
        A slot is free.
    reserve : In(1)
        Takes a slot; ignored while none is ``free``.
    push : In(1)
        Delivers ``payload`` into the oldest slot reserved.
    payload : In(shape)
        Payload to deliver.
    o : Out(stream.Signature(shape))
        The payloads, in order.
    """

    def __init__(self, shape, *, free=0):
        self.shape = shape
        super().__init__({
            "free": Out(1, init=free),
            "reserve": In(1),
            "push": In(1),
            "payload": In(shape),
            "o": Out(stream.Signature(shape)),
        })


class CreditQueue(Queue):
    """The queue behind a pipeline that cannot wait.

    The pipeline's head reserves a slot for each payload that enters. The tail delivers the
    payload by ``push``, any number of cycles later, and is never refused. A slot is free again
    when the consumer has taken its payload, or a cycle later in queues of more than 4 slots.

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
    free, reserve, push, payload, o
        As of a :class:`Queue`.
    """

    def __init__(self, shape, *, depth):
        if depth < 1:
            raise ValueError(f"Depth of a queue must be at least 1: {depth}")
        self.depth = depth
        self.latency = 1 if depth <= SMALL_QUEUE else 2
        self.slots = queue_slots(depth)
        super().__init__(shape)

    def elaborate(self, platform):
        m = Module()

        # Credits: slots that are neither reserved nor filled.
        credits = Signal(range(self.depth + 1), init=self.depth)
        taken = Signal()
        returned = Signal()
        free = Signal(init=1)  # a register, because deep logic may depend on it
        m.d.comb += self.free.eq(free)
        m.d.sync += free.eq(Mux(taken ^ returned, returned | (credits != 1), credits != 0))
        m.d.comb += taken.eq(self.reserve & self.free)
        if self.depth > SMALL_QUEUE:  # a register breaks the path from one end to the other
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
            self._keep(m, family_of(platform))
            return m
        width = Shape.cast(self.shape).width
        m.submodules.slots = slots = fifo.SyncFIFO(width=width, depth=self.depth)
        m.d.comb += slots.w_en.eq(self.push)
        m.d.comb += slots.w_data.eq(Value.cast(self.payload))
        m.d.comb += self.o.valid.eq(slots.r_rdy)
        m.d.comb += Value.cast(self.o.payload).eq(slots.r_data)
        m.d.comb += slots.r_en.eq(self.o.ready)
        return m

    def _keep(self, m, family):
        """Keep payloads in a memory. Credits keep it from being full, so no write is refused.

        The addresses wrap by themselves. Where the one to read is just below the one to write, one
        payload is stored.
        """
        in_logic = family == "ecp5" and self.slots <= LOGIC_SLOTS
        m.submodules.slots = slots = memory.Memory(
            shape=self.shape, depth=self.slots, init=[],
            attrs={"ram_style": "distributed"} if in_logic else {})
        write, read = slots.write_port(), slots.read_port()
        m.d.comb += [write.en.eq(self.push), write.data.eq(self.payload)]
        m.d.comb += self.o.payload.eq(read.data)
        pushed, fetched = Signal(range(self.slots)), Signal(range(self.slots))
        fetch, stored = Signal(), Signal()
        m.d.comb += fetch.eq(stored & (~self.o.valid | self.o.ready))
        with m.If(self.push ^ fetch):  # a register, because much depends on it
            m.d.sync += stored.eq(self.push | (pushed != (fetched + 1)[:len(fetched)]))
        m.d.comb += read.en.eq(fetch)
        for port, number, moves in (write, pushed, self.push), (read, fetched, fetch):
            m.d.comb += port.addr.eq(number)
            with m.If(moves):
                m.d.sync += number.eq(number + 1)
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
