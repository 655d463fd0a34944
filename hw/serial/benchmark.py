"""The accelerator at full speed: counts images, cycles and labels of a run, and reports."""

from amaranth import *
from amaranth.lib import crc, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .framing import OCTET


__all__ = ["Benchmark", "count_bits", "fill"]


# A run is short enough for its cycles to fit in 32 bits and for a person to wait for.
SECONDS = 4
COUNT_BITS = 28
FLYING_BITS = 10  # more images than all queues and pipelines hold


def count_bits(clock_hz, period):
    """Bits of the number of images of a run: those that take about ``SECONDS``."""
    images = SECONDS * clock_hz // period
    return min(max(images.bit_length(), 8), COUNT_BITS)


def fill(*, bits, rom_width, input_width, interval, latency):
    """Cycles of a run beyond ``images * max(interval, feed)``.

    A run begins with the first word that the accelerator accepts. The last word of that image
    comes ``span`` cycles later, its label ``latency`` cycles after that, and the last label
    ``images - 1`` periods later; both ends count.
    """
    feed = -(-bits // rom_width)
    beats = -(-bits // input_width)
    span = feed - -(-min(input_width, bits) // rom_width) if rom_width < input_width else beats - 1
    return span + latency + 1 - max(interval, feed)


class Benchmark(wiring.Component):
    """Asks for the images of a run, and watches its labels, up to one per cycle.

    A run begins when the number of images is in (unless it is ``refused``) and every counter is
    cleared, which takes a cycle a class and some more. The report, cycles, checksum and histogram
    as in :class:`sw.line.protocol.Report`, begins a few cycles after the last label.

    Parameters
    ----------
    classes : int
        Number of labels.
    count_bits : int
        Bits of the number of images of a run, at most 31.

    Members
    -------
    i : In(stream.Signature(8))
        Number of images of a run, four octets, lowest first.
    refused : Out(1)
        For one cycle: that number was 0 or had more than ``count_bits`` bits.
    begin : Out(1)
        For one cycle: the run begins with the next one.
    running : Out(1)
        Images and labels belong to the run.
    more : Out(1)
        Images are still to be given.
    given : In(1)
        An image is given, at the latest in the cycle in which the accelerator has all of it.
    accepted : In(1)
        The accelerator takes a word.
    labelled, label : In
        The accelerator gives ``label``, and it is taken.
    report : Out(stream.Signature(OCTET))
        The report.
    """

    def __init__(self, *, classes, count_bits):
        self.classes = classes
        self.count_bits = count_bits
        super().__init__({
            "i": In(stream.Signature(8)),
            "refused": Out(1),
            "begin": Out(1),
            "running": Out(1),
            "more": Out(1),
            "given": In(1),
            "accepted": In(1),
            "labelled": In(1),
            "label": In(range(classes)),
            "report": Out(stream.Signature(OCTET)),
        })

    def elaborate(self, platform):
        m = Module()
        running, begin, refused = self.running, self.begin, self.refused

        # Everything from the accelerator, one cycle later: this far from it nothing is urgent.
        label = Signal(range(self.classes))
        labelled, given, accepted = Signal(), Signal(), Signal(2)
        m.d.sync += label.eq(self.label)
        m.d.sync += labelled.eq(self.labelled & running)
        m.d.sync += given.eq(self.given)
        m.d.sync += accepted.eq(Cat(self.accepted & running, accepted))

        # Images still to be given, less one: the sign says that there are none. Numbers move in
        # from above, octet by octet; in this form an adder and its choices fit in a LUT4 a bit.
        # What chooses is a register, far from what decides that they change.
        left = Signal(32)
        loading = Signal(init=1)  # numbers move in, until the last octet
        load, step = Signal(), Signal()
        m.d.sync += loading.eq(~running & ~begin)
        m.d.comb += self.more.eq(running & ~left[-1])
        with m.If(load | step | self.given):
            m.d.sync += left.eq(Mux(loading, Cat(left[8:], self.i.payload),
                                    left + (~loading).replicate(32)))

        # Images given whose label is not here yet. When there are none and no more to come, the
        # last label was taken 2 cycles ago, and the run ends one cycle later.
        flying = Signal(FLYING_BITS)
        finish = Signal()
        m.d.sync += finish.eq(running & ~self.more & ~given & (flying == 0))
        with m.If(given ^ labelled):
            m.d.sync += flying.eq(flying + Cat(1, labelled.replicate(FLYING_BITS - 1)))

        # Cycles: from the first word accepted to the last label, both 3 cycles later. They move
        # out below as octets of the report.
        started = Signal()
        cycles = Signal(32)
        cycles_out, checksum_out = Signal(), Signal()
        with m.If(accepted[-1] & running):
            m.d.sync += started.eq(1)
        with m.If(finish):
            m.d.sync += started.eq(0)
        with m.If(cycles_out | started):
            m.d.sync += cycles.eq(Mux(started, cycles + (~started).replicate(32) + 1, cycles >> 8))
        with m.If(begin):
            m.d.sync += cycles.eq(0)

        # The checksum moves out too: what it is fed with then makes its feedback zero.
        m.submodules.checksum = checksum = ResetInserter(begin)(
            crc.catalog.CRC32_ISO_HDLC(data_width=8).create())
        m.d.comb += checksum.data.eq(Mux(running, label, ~checksum.crc[:8]))
        m.d.comb += checksum.valid.eq(labelled | checksum_out)

        row = Signal(range(self.classes))
        last_row = row == self.classes - 1
        clear = Signal()
        tally = self._histogram(m, label, labelled, row, clear)

        # The report: three kinds of words, octet by octet. A row of the histogram is there one
        # cycle after its number.
        octet = Signal(2)
        fetched = Signal()
        taken, sent = Signal(), Signal()
        wrong = Signal()  # the number of images
        m.d.comb += taken.eq(self.report.valid & self.report.ready)
        m.d.comb += sent.eq(taken & (octet == 3))
        m.d.sync += fetched.eq(~sent)
        with m.If(taken | load):
            m.d.sync += octet.eq(octet + 1)

        m.d.sync += [begin.eq(0), refused.eq(0)]  # registers: what follows them is far away

        with m.FSM():
            with m.State("COUNT"):
                m.d.comb += self.i.ready.eq(1)
                m.d.comb += load.eq(self.i.valid)
                m.d.sync += row.eq(0)
                with m.If(self.i.valid & (octet == 3)):
                    m.d.sync += loading.eq(0)
                    m.next = "CHECK"
            with m.State("CHECK"):
                m.d.comb += step.eq(1)
                m.d.sync += wrong.eq(left[self.count_bits:] != 0)  # too large
                m.next = "CLEAR"
            with m.State("CLEAR"):
                m.d.comb += clear.eq(1)
                m.d.sync += wrong.eq(wrong | left[-1])  # it was zero
                m.d.sync += row.eq(row + 1)
                with m.If(last_row):
                    m.d.sync += [begin.eq(~wrong), refused.eq(wrong)]
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.sync += running.eq(begin)
                m.next = "RUN"
                with m.If(refused):
                    m.next = "COUNT"
            with m.State("RUN"):
                m.d.sync += row.eq(0)
                with m.If(finish):
                    m.d.sync += running.eq(0)
                    m.next = "CYCLES"
            with m.State("CYCLES"):
                m.d.comb += self.report.p.data.eq(cycles[:8])
                m.d.comb += self.report.valid.eq(1)
                m.d.comb += cycles_out.eq(self.report.ready)
                with m.If(sent):
                    m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.d.comb += self.report.p.data.eq(checksum.crc[:8])
                m.d.comb += self.report.valid.eq(1)
                m.d.comb += checksum_out.eq(self.report.ready)
                with m.If(sent):
                    m.next = "HISTOGRAM"
            with m.State("HISTOGRAM"):
                m.d.comb += self.report.p.data.eq(tally.word_select(octet, 8))
                m.d.comb += self.report.valid.eq(fetched)
                m.d.comb += self.report.p.last.eq(last_row & (octet == 3))
                with m.If(sent):
                    m.d.sync += row.eq(row + 1)
                    with m.If(last_row):
                        m.next = "COUNT"

        return m

    def _histogram(self, m, label, labelled, row, clear):
        """Count labels, one per cycle; return the count in ``row``, while there are no labels.

        A count is read in one cycle, and written one or two higher in the next. A label that comes
        right behind its like would read too early: it waits, and joins a third one if that is the
        same. While it waits, each label waits for the one behind it.
        """
        m.submodules.counts = counts = memory.Memory(shape=self.count_bits, depth=self.classes,
                                                     init=[])
        read, write = counts.read_port(), counts.write_port()
        waits = Signal()                       # a label that is not counted yet,
        waiting = Signal.like(label)           # and which it is
        read_label, writes = Signal.like(label), Signal()  # what is read now is written next
        twice = Signal()
        joined, blocked = Signal(), Signal()
        m.d.comb += joined.eq(waits & labelled & (label == waiting))
        m.d.comb += blocked.eq(~waits & labelled & writes & (label == read_label))
        m.d.sync += waits.eq(Mux(waits, labelled & ~joined, blocked))
        with m.If(labelled):
            m.d.sync += waiting.eq(label)
        m.d.comb += read.addr.eq(Mux(self.running | waits, Mux(waits, waiting, label), row))
        m.d.sync += read_label.eq(read.addr)
        m.d.sync += writes.eq(waits | (labelled & ~blocked))
        m.d.sync += twice.eq(joined)

        total = Signal(self.count_bits)
        m.d.comb += total.eq(read.data + Cat(~twice, twice))
        m.d.comb += write.addr.eq(Mux(clear, row, read_label))
        m.d.comb += write.data.eq(Mux(clear, 0, total))
        m.d.comb += write.en.eq(clear | writes)
        return read.data
