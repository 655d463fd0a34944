"""The histogram of a run: how many images got each label, counted at one label per cycle."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import memory


__all__ = ["Histogram", "count_labels"]


@dataclass(frozen=True)
class Histogram:
    """Ports of a memory with one count for each label.

    Attributes
    ----------
    row : Signal
        The label whose count is read or cleared.
    last : Value
        Whether ``row`` is the last label.
    clear : Signal
        Whether the count of ``row`` becomes zero.
    count : Value
        The count of ``row``, 1 cycle later. During a run the memory is busy with labels.
    """

    row: Signal
    last: Value
    clear: Signal
    count: Value


def count_labels(m, label, labelled, running, *, classes, width):
    """Add a histogram to a module; return its ports.

    A count is read in one cycle, and written in the next, increased by one. A label that equals the
    label one cycle before would read the count too early. Such a label waits. If the label of the
    next cycle is the same again, the two are counted together, and the count increases by two. If
    it is another label, it waits in turn, because the read port is busy. A cycle without a label
    ends the waiting.

    Parameters
    ----------
    m : Module
        Gets the logic.
    label : Signal
        The label to count.
    labelled : Signal
        Whether there is a label in this cycle.
    running : Signal
        Whether labels choose the count that is read; otherwise ``row`` does.
    classes : int
        Number of labels.
    width : int
        Bits of a count.
    """
    row = Signal(range(classes))
    clear = Signal()
    m.submodules.counts = counts = memory.Memory(shape=width, depth=classes, init=[])
    read, write = counts.read_port(), counts.write_port()

    # The label that waits, and whether the label of this cycle joins it or must wait itself.
    waits = Signal()
    waiting = Signal.like(label)
    read_label, writes = Signal.like(label), Signal()  # the count that is read is written next
    twice = Signal()
    joined, blocked = Signal(), Signal()
    m.d.comb += joined.eq(waits & labelled & (label == waiting))
    m.d.comb += blocked.eq(~waits & labelled & writes & (label == read_label))
    m.d.sync += waits.eq(Mux(waits, labelled & ~joined, blocked))
    with m.If(labelled):
        m.d.sync += waiting.eq(label)

    # The count is read, and written in the next cycle.
    m.d.comb += read.addr.eq(Mux(running | waits, Mux(waits, waiting, label), row))
    m.d.sync += read_label.eq(read.addr)
    m.d.sync += writes.eq(waits | (labelled & ~blocked))
    m.d.sync += twice.eq(joined)
    total = Signal(width)
    m.d.comb += total.eq(read.data + Cat(~twice, twice))
    m.d.comb += write.addr.eq(Mux(clear, row, read_label))
    m.d.comb += write.data.eq(Mux(clear, 0, total))
    m.d.comb += write.en.eq(clear | writes)
    return Histogram(row=row, last=row == classes - 1, clear=clear, count=read.data)
