"""Order of results: passes over several vectors at once come in, vector after vector goes out."""

from math import ceil

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..count.lut import family_of
from ..plan.area import cells
from ..plan.area import memory as memory_resources
from ..stream.credit import LOGIC_SLOTS
from .walker import count


__all__ = ["PositionOrder", "count_places", "order_resources", "order_slots", "sizes"]

READ = 1  # cycles from the push of a group's last pass to the read of its first word
GIVE = 2  # cycles from the read of a word to its offer


def sizes(vectors, positions):
    """Return the vectors of each group of an image, a list of int: the last group may be short."""
    return [min(positions, vectors - start) for start in range(0, vectors, positions)]


def order_slots(positions, passes, steps, push_delay):
    """Return the slots that keep a unit from waiting for its own results, a power of two.

    Pass ``k`` of a group reserves a slot in its first step, ``k * steps`` cycles after the group
    began, and gives it back when the last vector of the group has been read from it.

    Parameters
    ----------
    positions, passes, steps : int
        Vectors of a group; passes over a group; cycles of a pass.
    push_delay : int
        Cycles from the reservation of a slot to its push.
    """
    interval = passes * steps
    last_push = (passes - 1) * steps + push_delay
    needed = 0
    for number in range(passes):
        back = last_push + READ + (positions - 1) * passes + number + 1
        groups, rest = divmod(back, interval)
        needed = max(needed, groups * passes + min(passes, ceil(rest / steps)) - number)
    return 1 << (max(needed, passes) - 1).bit_length()


def order_resources(family, positions, passes, pe, slots):
    """Return the estimated resources of a :class:`PositionOrder`."""
    select = pe * (ceil((positions - 1) / 1.5) if positions > 1 else 0)
    return (cells(family, select + 50, pe + 30)
            + memory_resources(family, slots, positions * pe, LOGIC_SLOTS))


def count_places(m, name, vectors, positions, advance):
    """Count the vectors of a group again and again; the last group of an image may be short.

    Returns
    -------
    Value, Value
        The number of the vector in its group, and whether it is the last one of the group.
    """
    groups = sizes(vectors, positions)
    place, last = Signal(range(positions), name=f"{name}_place"), Signal(name=f"{name}_last")
    group = Signal(range(len(groups)), name=f"{name}_group")
    m.d.comb += last.eq(place == positions - 1)
    if groups[-1] < positions:
        with m.If(group == len(groups) - 1):
            m.d.comb += last.eq(place == groups[-1] - 1)
    with m.If(advance):
        m.d.sync += place.eq(Mux(last, 0, place + 1))
        with m.If(last):
            m.d.sync += group.eq(Mux(group == len(groups) - 1, 0, group + 1))
    return place, last


class PositionOrder(wiring.Component):
    """The queue behind lanes that compute several vectors at once.

    The head reserves a slot for each pass, the tail delivers a pass by ``push`` and is never
    refused, as in :class:`hw.stream.credit.CreditQueue`. When all passes over a group of vectors
    are there, its first vector goes out, pass by pass, then the second one. A slot is free again
    when the last vector has been read from it.

    Latency from the last ``push`` of a group to its first word is 3 cycles. Throughput is one word
    per cycle.

    Parameters
    ----------
    pe : int
        Results of a pass for one vector, bits of an output word.
    positions, vectors : int
        Vectors of a group; vectors of an image. The last group of an image may be short: its
        other results go nowhere.
    passes : int
        Passes over a group: words of a vector.
    slots : int
        Passes that the memory holds, a power of two, at least ``passes``.

    Members
    -------
    free : Out(1)
        A slot is free.
    reserve : In(1)
        Takes a slot; ignored while none is ``free``.
    push : In(1)
        Delivers ``payload`` into the oldest slot reserved.
    payload : In(positions * pe)
        Results of a pass: the first neuron lowest, of a neuron the first vector lowest.
    o : Out(stream.Signature(pe))
        Vectors in words of ``pe`` results, the first neuron lowest.
    """

    def __init__(self, *, pe, positions, vectors, passes, slots):
        if slots < passes or slots & (slots - 1):
            raise ValueError(f"Slots of an order of positions must be a power of two and at least "
                             f"{passes}, its passes: {slots}")
        self.pe = pe
        self.positions = positions
        self.vectors = vectors
        self.passes = passes
        self.slots = slots
        super().__init__({
            "free": Out(1),
            "reserve": In(1),
            "push": In(1),
            "payload": In(positions * pe),
            "o": Out(stream.Signature(pe)),
        })

    def elaborate(self, platform):
        m = Module()
        in_logic = family_of(platform) == "ecp5" and self.slots <= LOGIC_SLOTS
        m.submodules.slots = slots = memory.Memory(
            shape=self.positions * self.pe, depth=self.slots, init=[],
            attrs={"ram_style": "distributed"} if in_logic else {})
        write, read = slots.write_port(), slots.read_port()
        moves, reads, returned = Signal(), Signal(), Signal()

        # Credits: slots that are neither reserved nor filled.
        credits, left = Signal(range(self.slots + 1), init=self.slots), Signal(
            range(self.slots + 1))
        free = Signal(init=1)  # a register, because deep logic may depend on it
        m.d.comb += self.free.eq(free)
        m.d.comb += left.eq(credits - (self.reserve & free) + returned)
        m.d.sync += [credits.eq(left), free.eq(left != 0)]

        # Write passes, and count the groups that are whole.
        m.d.comb += [write.en.eq(self.push), write.data.eq(self.payload)]
        with m.If(self.push):
            m.d.sync += write.addr.eq(write.addr + 1)
        _, pushed_last = count(m, "pushed", self.passes, self.push)
        whole = Signal(range(ceil(self.slots / self.passes) + 1))
        group_ends = Signal()
        m.d.sync += whole.eq(whole + (self.push & pushed_last) - group_ends)

        # Read the words of one vector after the other.
        m.d.comb += moves.eq(~self.o.valid | self.o.ready)
        m.d.comb += reads.eq(moves & (whole != 0))
        number, number_last = count(m, "number", self.passes, reads)
        place, place_last = count_places(m, "read", self.vectors, self.positions,
                                         reads & number_last)
        first = Signal(len(read.addr))
        m.d.comb += [read.addr.eq(first + number), read.en.eq(moves)]
        m.d.comb += returned.eq(reads & place_last)
        m.d.comb += group_ends.eq(returned & number_last)
        with m.If(group_ends):
            m.d.sync += first.eq(first + self.passes)

        # Select the vector's part of a word.
        was_read, was_place = Signal(), Signal.like(place)
        parts = Array(read.data[start::self.positions] for start in range(self.positions))
        with m.If(moves):
            m.d.sync += [was_read.eq(reads), was_place.eq(place), self.o.valid.eq(was_read)]
            m.d.sync += self.o.payload.eq(parts[was_place])
        return m
