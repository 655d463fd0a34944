"""A pipeline that nothing stops, asserted up to the queue at its end."""

from unittest.mock import patch

from amaranth import Elaboratable, Fragment, Module, Signal, Value
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.popcount import Delays
from hw.stream import CreditQueue


__all__ = ["Pushed", "with_queue"]


def with_queue(dut, platform, module):
    """Elaborate a component; return its fragment and the one queue that a module makes in it."""
    made = []

    def queue(*args, **others):
        made.append(CreditQueue(*args, **others))
        return made[-1]

    with patch(f"{module}.CreditQueue", queue):
        fragment = Fragment.get(dut, platform)
    return fragment, *made


class Pushed(Elaboratable):
    """A pipeline that nothing stops, up to its queue: what is pushed, and when.

    With the contract of the queue, proven apart, it is the pipeline's: every vector taken has
    reserved its slot, and is pushed into it a fixed number of cycles later as what it must be.

    Parameters
    ----------
    dut : wiring.Component
        The pipeline, which takes a vector a word.
    delay : int
        Cycles from a vector to its push.
    expected : callable
        Takes a vector, returns what must be pushed.
    """

    def __init__(self, dut, delay, expected):
        self.dut = dut
        self.delay = delay
        self.expected = expected

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut, queue = with_queue(self.dut, platform, type(self.dut).__module__)
        i, o = self.dut.i, self.dut.o
        delays = Delays(m, "late")
        control = Delays(m, "taken", reset_less=False)
        taken = Signal()
        m.d.comb += [Value.cast(i.payload).eq(AnySeq(len(Value.cast(i.payload)))),
                     i.valid.eq(AnySeq(1)), o.ready.eq(AnySeq(1)), taken.eq(i.valid & i.ready)]
        m.d.comb += Assert(i.ready == queue.free, "the input is refused while a slot is free")
        m.d.comb += Assert(queue.reserve == taken, "a vector is taken without a slot, or a slot "
                                                   "without a vector")
        m.d.comb += Assert(queue.push == control.delay(taken, self.delay),
                           "a vector is lost, doubled or late")
        m.d.comb += Assert((o.valid == queue.o.valid) & (queue.o.ready == o.ready)
                           & (Value.cast(o.payload) == Value.cast(queue.o.payload)),
                           "the output is not the queue's")
        wanted = Signal(len(Value.cast(queue.payload)))
        m.d.comb += wanted.eq(self.expected(delays.delay(Value.cast(i.payload), self.delay)))
        m.d.comb += Assert(~queue.push | (Value.cast(queue.payload) == wanted),
                           "a vector is pushed as what it must not be")
        return m
