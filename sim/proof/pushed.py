"""A pipeline that nothing stops, asserted up to the queues at its end."""

from unittest.mock import patch

from amaranth import Cat, Elaboratable, Fragment, Module, Signal, Value
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.count.popcount import Delays
from hw.stream.credit import CreditQueue


__all__ = ["Pushed", "assert_pushed", "with_queues"]


def with_queues(dut, platform, module):
    """Elaborate a component; return its fragment and the queues that a module makes in it."""
    made = []

    def queue(*args, **others):
        made.append(CreditQueue(*args, **others))
        return made[-1]

    with patch(f"{module}.CreditQueue", queue):
        return Fragment.get(dut, platform), made


def assert_pushed(m, o, queues, *, taken, vector, expected, delay, early=0, constant=None):
    """Assert what is pushed into queues, and when, and that the output is theirs.

    Parameters
    ----------
    m : Module
        Where the assertions go.
    o : stream
        The output: parts of a result from each queue, the first one's lowest, when that has one.
    queues : list of CreditQueue
        One, or two.
    taken, vector : Value
        Whether a vector is taken, and it.
    expected : callable
        Takes a vector, returns the result, a Value.
    delay, early : int
        Cycles from a vector to its push into the first queue, and how many of them earlier it is
        pushed into the second.
    constant : dict of int by int, optional
        Bits of the result that are in no queue, by place.
    """
    constant = constant or {}
    late, control = Delays(m, "late"), Delays(m, "taken", reset_less=False)
    place = 0
    for queue, ahead in zip(queues, (0, early), strict=False):
        payload = Value.cast(queue.payload)
        m.d.comb += Assert(queue.reserve == taken, "a vector is taken without a slot, or a slot "
                                                   "without a vector")
        m.d.comb += Assert(queue.push == control.delay(taken, delay - ahead),
                           "a vector is lost, doubled or late")
        wanted = Signal(len(payload))
        whole = expected(late.delay(vector, delay - ahead))
        if constant:
            m.d.comb += Assert(~queue.push | Cat(whole[index] == bit for index, bit
                                                 in constant.items()).all(),
                               "a bit of the result is not constant")
            whole = Cat(bit for index, bit in enumerate(whole) if index not in constant)
        m.d.comb += wanted.eq(whole[place:])
        m.d.comb += Assert(~queue.push | (payload == wanted),
                           "a vector is pushed as what it must not be")
        place += len(payload)
    first, *others = queues
    result = Cat(Value.cast(queue.o.payload) for queue in queues)
    if constant:
        stored = iter(result)
        result = Cat(constant[index] if index in constant else next(stored)
                     for index in range(len(result) + len(constant)))
    m.d.comb += Assert((o.valid == first.o.valid) & (first.o.ready == o.ready)
                       & (Value.cast(o.payload) == result), "the output is not the queues'")
    for other in others:
        m.d.comb += Assert(other.o.ready == (o.valid & o.ready),
                           "a part of a result is taken without the other")


class Pushed(Elaboratable):
    """A pipeline that nothing stops, up to its queues: what is pushed, and when.

    With the contract of the queues, proven apart, it is the pipeline's: every vector taken has
    reserved its slot, and is pushed into it a fixed number of cycles later as what it must be. Of
    two queues one has its part of a result whenever the other has, and both have slots at the same
    time: that depends on what is reserved, pushed and taken alone (``queue-6``).

    Parameters
    ----------
    dut : wiring.Component
        The pipeline, which takes a vector a word.
    expected, delay, early, constant
        As in :func:`assert_pushed`.
    """

    def __init__(self, dut, expected, delay, early=0, constant=None):
        self.dut = dut
        self.expected = expected
        self.delay = delay
        self.early = early
        self.constant = constant

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut, queues = with_queues(self.dut, platform, type(self.dut).__module__)
        i, o = self.dut.i, self.dut.o
        vector, taken = Value.cast(i.payload), Signal()
        m.d.comb += [vector.eq(AnySeq(len(vector))), i.valid.eq(AnySeq(1)),
                     o.ready.eq(AnySeq(1)), taken.eq(i.valid & i.ready)]
        m.d.comb += Assert(i.ready == queues[0].free, "the input is refused while a slot is free")
        assert_pushed(m, o, queues, taken=taken, vector=vector, expected=self.expected,
                      delay=self.delay, early=self.early, constant=self.constant)
        return m
