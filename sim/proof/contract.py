"""The stream contract as assertions around a component, whatever its input and its consumer do."""

from amaranth import Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert


__all__ = ["Consumer", "Contract", "Producer", "at_most"]


class Producer(Elaboratable):
    """Drives an input stream with anything that keeps the rules: an offer stays until taken.

    Parameters
    ----------
    stream : stream
        An input of the component under proof.
    allowed : Value, optional
        Whether a new payload may be offered.

    Attributes
    ----------
    taken : Signal
        A payload moves in this cycle.
    """

    def __init__(self, stream, allowed=None):
        self.stream = stream
        self.allowed = Const(1) if allowed is None else allowed
        self.taken = Signal(name="i_taken")

    def elaborate(self, platform):
        m = Module()
        payload, valid = Value.cast(self.stream.payload), self.stream.valid
        held, last = Signal(name="i_held"), Signal(len(payload), name="i_last")
        m.d.comb += valid.eq(held | (AnySeq(1) & self.allowed))
        m.d.comb += payload.eq(Mux(held, last, AnySeq(len(payload))))
        m.d.comb += self.taken.eq(valid & self.stream.ready)
        m.d.sync += [held.eq(valid & ~self.stream.ready), last.eq(payload)]
        return m


class Consumer:
    """Takes an output stream's payloads whenever it likes, and asserts that they are held.

    Parameters
    ----------
    m : Module
        Where the assertions go: a harness's own, so that they have names.
    stream : stream
        An output of the component under proof.
    name : str
        Of the stream, in the assertions' words.
    dropped : Value, optional
        An offer may be withdrawn behind this cycle.

    Attributes
    ----------
    taken, stalled : Signal
        A payload moves; one is offered and not taken.
    """

    def __init__(self, m, stream, name="o", dropped=None):
        payload = Value.cast(stream.payload)
        self.taken, self.stalled = Signal(name=f"{name}_taken"), Signal(name=f"{name}_stalled")
        held, last = Signal(name=f"{name}_held"), Signal(len(payload), name=f"{name}_last")
        m.d.comb += stream.ready.eq(AnySeq(1))
        m.d.comb += self.taken.eq(stream.valid & stream.ready)
        m.d.comb += self.stalled.eq(stream.valid & ~stream.ready)
        m.d.sync += [held.eq(self.stalled & ~(Const(0) if dropped is None else dropped)),
                     last.eq(payload)]
        m.d.comb += Assert(~held | stream.valid, f"{name}: an offer is withdrawn")
        m.d.comb += Assert(~held | (payload == last), f"{name}: a payload changes as it waits")


def at_most(m, cycles, waits, starts_anew, message):
    """Assert that ``waits`` is high in at most so many cycles until ``starts_anew``."""
    count = Signal(range(cycles + 2), name="waited")
    with m.If(starts_anew):
        m.d.sync += count.eq(0)
    with m.Elif(waits & (count <= cycles)):
        m.d.sync += count.eq(count + 1)
    m.d.comb += Assert(count <= cycles, message)


class Contract(Elaboratable):
    """A component from ``i`` to ``o`` with the stream contract asserted.

    For any input and any back-pressure:

    - a payload offered stays offered and unchanged until it is taken;
    - no vector comes out before it came in, and not more vectors than went in;
    - no vector is lost, and none waits for the consumer to be ready: while a whole one is inside,
      ``o.valid`` is low for fewer than ``wait`` cycles in a row;
    - the input is refused for at most ``busy`` cycles a word, those apart in which the output is
      not taken;
    - each word that comes out of a vector, chosen arbitrarily, is the one of ``expected``.

    Parameters
    ----------
    dut : wiring.Component
        The component, with streams ``i`` and ``o``. With a member ``loaded``, it may refuse input
        until that is high.
    expected : callable or None
        Takes the words of a vector, a list of Value; returns the words that must come out. Bits
        of the payload above those returned are not looked at. None: no word is.
    i_words, o_words : int
        Words of a vector.
    wait, busy : int
        As above.
    inside : int
        Vectors that the component may hold at once: asserted.
    through : bool
        Whether an output may be of the same cycle as its input.
    """

    def __init__(self, dut, expected, *, i_words=1, o_words=1, wait, busy, inside, through=False):
        self.dut = dut
        self.expected = expected
        self.i_words = i_words
        self.o_words = o_words
        self.wait = wait
        self.busy = busy
        self.inside = inside
        self.through = through

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = self.dut
        m.submodules.producer = producer = Producer(dut.i)
        consumer = Consumer(m, dut.o)

        # Where each stream is in its vector, and vectors inside.
        i_first, i_last, i_beat = self._beat(m, "i", self.i_words, producer.taken)
        _, o_last, o_beat = self._beat(m, "o", self.o_words, consumer.taken)
        began, ended, left = Signal(), Signal(), Signal()
        m.d.comb += began.eq(producer.taken & i_first)
        m.d.comb += ended.eq(producer.taken & i_last)
        m.d.comb += left.eq(consumer.taken & o_last)
        started = Signal(range(self.inside + 2))  # not all out
        whole = Signal(range(self.inside + 2))    # all in, not all out
        m.d.sync += started.eq(started + began - left)
        m.d.sync += whole.eq(whole + ended - left)
        m.d.comb += Assert(~left | (whole != 0) | (ended if self.through else 0),
                           "a vector is out before it is in")
        m.d.comb += Assert(started <= self.inside, "more vectors are inside than there is room")
        m.d.comb += Assert(~dut.o.valid | (started != 0)
                           | (dut.i.valid & i_first if self.through else 0),
                           "a word comes out that no vector came in for")
        at_most(m, self.wait - 1, (whole != 0) & ~dut.o.valid, dut.o.valid,
                "a vector is inside and does not come out")
        open_ = dut.loaded if "loaded" in dut.signature.members else 1
        at_most(m, self.busy, dut.i.valid & ~dut.i.ready & ~consumer.stalled & open_,
                producer.taken, "the input is refused too long")
        if self.expected is not None:
            self._compare(m, began, left, started, i_beat, o_beat, producer)
        return m

    def _beat(self, m, name, words, taken):
        if words == 1:
            return Const(1), Const(1), Const(0)
        beat = Signal(range(words), name=f"{name}_beat")
        with m.If(taken):
            m.d.sync += beat.eq(Mux(beat == words - 1, 0, beat + 1))
        return beat == 0, beat == words - 1, beat

    def _compare(self, m, began, left, started, i_beat, o_beat, producer):
        """Choose a vector, keep it, count what is in front of it, look at its words."""
        dut = self.dut
        chosen, chooses, over, keeps = Signal(), Signal(), Signal(), Signal()
        ahead, ahead_now = Signal(range(self.inside + 2)), Signal(range(self.inside + 2))
        m.d.comb += chooses.eq(began & ~chosen & AnySeq(1))
        with m.If(chooses):
            m.d.sync += chosen.eq(1)
            m.d.sync += keeps.eq(self.i_words > 1)
        with m.Elif(keeps & producer.taken & (i_beat == self.i_words - 1)):
            m.d.sync += keeps.eq(0)
        m.d.comb += ahead_now.eq(Mux(chosen, ahead, started))
        m.d.sync += ahead.eq(Mux(left & (ahead_now != 0), ahead_now - 1, ahead_now))

        payload = Value.cast(dut.i.payload)
        words = []
        for index in range(self.i_words):
            word = Signal(len(payload), name=f"word_{index}")
            now = Signal.like(word, name=f"now_{index}")
            here = dut.i.valid & (i_beat == index) & (chooses | keeps)
            m.d.comb += now.eq(Mux(here, payload, word))
            m.d.sync += word.eq(now)
            words.append(now)

        its_turn = Signal()
        m.d.comb += its_turn.eq(dut.o.valid & ~over & (ahead_now == 0)
                                & (chosen | (chooses if self.through else 0)))
        with m.If(its_turn & left):
            m.d.sync += over.eq(1)
        for index, value in enumerate(self.expected(words)):
            wanted = Signal(len(Value.cast(value)), name=f"wanted_{index}")
            m.d.comb += wanted.eq(value)
            given = Value.cast(dut.o.payload)[:len(wanted)]
            m.d.comb += Assert(~its_turn | (o_beat != index) | (given == wanted),
                               f"word {index} of a vector is not what it must be")
