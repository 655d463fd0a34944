"""The accelerator at full speed: counts images, cycles and labels of a run, and reports."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import crc, stream, wiring
from amaranth.lib.wiring import In, Out

from .framing import OCTET
from .histogram import count_labels


__all__ = ["Benchmark", "counter_width", "fill"]


# A run is short enough for its cycles to fit in 32 bits and for a person to wait for.
SECONDS = 4
COUNT_BITS = 28
FLYING_BITS = 10  # more images than all queues and pipelines hold


def counter_width(clock_hz, period):
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


@dataclass(frozen=True)
class Images:
    """The number of images that are still to be given.

    Attributes
    ----------
    left : Signal
        The number less one; negative if no images are left.
    loading : Signal
        Whether a change of ``left`` moves an octet in; otherwise a change subtracts one.
    load, step : Signal
        Each of the two changes ``left`` in this cycle.
    """

    left: Signal
    loading: Signal
    load: Signal
    step: Signal


@dataclass(frozen=True)
class Number:
    """A number of the report, whose octets move out, the lowest first.

    Attributes
    ----------
    octet : Value
        The next octet.
    move : Signal
        Whether the octet behind it is the next one in the next cycle.
    """

    octet: Value
    move: Signal


@dataclass(frozen=True)
class Octet:
    """The place in a number of 32 bits, of which one octet at a time comes in or goes out.

    Attributes
    ----------
    index : Signal
        The octet's place in the number.
    sent : Signal
        Whether the report's number is complete in this cycle.
    fetched : Signal
        Whether the row of the histogram did not change in the cycle before, so that its count is
        read.
    """

    index: Signal
    sent: Signal
    fetched: Signal


class Benchmark(wiring.Component):
    """Asks for the images of a run, and watches its labels, up to one per cycle.

    A run begins when the number of images is in (unless it is ``refused``) and every counter is
    cleared, which takes a cycle a class and some more. The report, cycles, checksum and histogram
    as in :class:`sw.line.protocol.Report`, begins a few cycles after the last label.

    Parameters
    ----------
    classes : int
        Number of labels.
    counter_width : int
        Bits of the number of images of a run, at most 31.

    Members
    -------
    i : In(stream.Signature(8))
        Number of images of a run, four octets, lowest first.
    refused : Out(1)
        For one cycle: that number was 0 or had more than ``counter_width`` bits.
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

    def __init__(self, *, classes, counter_width):
        self.classes = classes
        self.counter_width = counter_width
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

        # The accelerator's signals are registered, because this far from it nothing is urgent.
        label = Signal(range(self.classes))
        labelled, given, accepted = Signal(), Signal(), Signal(2)
        m.d.sync += label.eq(self.label)
        m.d.sync += labelled.eq(self.labelled & self.running)
        m.d.sync += given.eq(self.given)
        m.d.sync += accepted.eq(Cat(self.accepted & self.running, accepted))

        images = self._count_images(m)
        finish = self._watch_labels(m, given, labelled)
        cycles = self._count_cycles(m, accepted, finish)
        checksum = self._sum_labels(m, label, labelled)
        histogram = count_labels(m, label, labelled, self.running, classes=self.classes,
                                 width=self.counter_width)
        octet = self._count_octets(m, images)

        # Registers, because all that follows a beginning or a refusal is far away.
        m.d.sync += [self.begin.eq(0), self.refused.eq(0)]
        with m.FSM():
            self._begin(m, images, octet, histogram)
            with m.State("RUN"):
                m.d.sync += histogram.row.eq(0)
                with m.If(finish):
                    m.d.sync += self.running.eq(0)
                    m.next = "CYCLES"
            self._report(m, octet, cycles, checksum, histogram)

        return m

    def _count_images(self, m):
        """Take the number of images in; in a run, count down those that are still to be given."""
        # The number is stored less one, so that the sign says that no images are left. The number
        # moves in from above, octet by octet; in this form an adder and its choices fit in a LUT4
        # a bit. A register chooses, because the decision whether the number changes comes late.
        left = Signal(32)
        loading = Signal(init=1)
        load, step = Signal(), Signal()
        m.d.sync += loading.eq(~self.running & ~self.begin)
        m.d.comb += self.more.eq(self.running & ~left[-1])
        with m.If(load | step | self.given):
            m.d.sync += left.eq(Mux(loading, Cat(left[8:], self.i.payload),
                                    left + (~loading).replicate(32)))
        return Images(left=left, loading=loading, load=load, step=step)

    def _watch_labels(self, m, given, labelled):
        """Count the images between ROM and label; return whether the run finishes."""
        # When no image is on its way and none is to come, the last label was taken 2 cycles ago,
        # and the run ends one cycle later.
        flying = Signal(FLYING_BITS)
        finish = Signal()
        m.d.sync += finish.eq(self.running & ~self.more & ~given & (flying == 0))
        with m.If(given ^ labelled):
            m.d.sync += flying.eq(flying + Cat(1, labelled.replicate(FLYING_BITS - 1)))
        return finish

    def _count_cycles(self, m, accepted, finish):
        """Count cycles from the first word to the last label; return the :class:`Number`."""
        # Both ends are seen 3 cycles late. In the report the counter is a shift register.
        started = Signal()
        cycles = Signal(32)
        number = Number(cycles[:8], Signal())
        with m.If(accepted[-1] & self.running):
            m.d.sync += started.eq(1)
        with m.If(finish):
            m.d.sync += started.eq(0)
        with m.If(number.move | started):
            m.d.sync += cycles.eq(Mux(started, cycles + (~started).replicate(32) + 1, cycles >> 8))
        with m.If(self.begin):
            m.d.sync += cycles.eq(0)
        return number

    def _sum_labels(self, m, label, labelled):
        """Compute the CRC-32 of the labels; return the :class:`Number`."""
        m.submodules.checksum = checksum = ResetInserter(self.begin)(
            crc.catalog.CRC32_ISO_HDLC(data_width=8).create())
        number = Number(checksum.crc[:8], Signal(name="checksum_out"))
        # In the report the CRC is a shift register: these data make its feedback zero.
        m.d.comb += checksum.data.eq(Mux(self.running, label, ~checksum.crc[:8]))
        m.d.comb += checksum.valid.eq(labelled | number.move)
        return number

    def _count_octets(self, m, images):
        """Count the octets of a number, which comes in or goes out; return the :class:`Octet`."""
        index = Signal(2, name="octet")
        fetched = Signal()
        taken, sent = Signal(), Signal()
        m.d.comb += taken.eq(self.report.valid & self.report.ready)
        m.d.comb += sent.eq(taken & (index == 3))
        m.d.sync += fetched.eq(~sent)
        with m.If(taken | images.load):
            m.d.sync += index.eq(index + 1)
        return Octet(index=index, sent=sent, fetched=fetched)

    def _begin(self, m, images, octet, histogram):
        """States before a run: take the number of images, check it, clear the histogram."""
        wrong = Signal()  # the number of images is zero or too large
        with m.State("COUNT"):
            m.d.comb += self.i.ready.eq(1)
            m.d.comb += images.load.eq(self.i.valid)
            m.d.sync += histogram.row.eq(0)
            with m.If(self.i.valid & (octet.index == 3)):
                m.d.sync += images.loading.eq(0)
                m.next = "CHECK"
        with m.State("CHECK"):
            m.d.comb += images.step.eq(1)
            m.d.sync += wrong.eq(images.left[self.counter_width:] != 0)
            m.next = "CLEAR"
        with m.State("CLEAR"):
            m.d.comb += histogram.clear.eq(1)
            m.d.sync += wrong.eq(wrong | images.left[-1])  # zero less one is negative
            m.d.sync += histogram.row.eq(histogram.row + 1)
            with m.If(histogram.last):
                m.d.sync += [self.begin.eq(~wrong), self.refused.eq(wrong)]
                m.next = "BEGIN"
        with m.State("BEGIN"):
            m.d.sync += self.running.eq(self.begin)
            m.next = "RUN"
            with m.If(self.refused):
                m.next = "COUNT"

    def _report(self, m, octet, cycles, checksum, histogram):
        """States after a run: send the cycles, the checksum and each row of the histogram."""
        with m.State("CYCLES"):
            m.d.comb += self.report.p.data.eq(cycles.octet)
            m.d.comb += self.report.valid.eq(1)
            m.d.comb += cycles.move.eq(self.report.ready)
            with m.If(octet.sent):
                m.next = "CHECKSUM"
        with m.State("CHECKSUM"):
            m.d.comb += self.report.p.data.eq(checksum.octet)
            m.d.comb += self.report.valid.eq(1)
            m.d.comb += checksum.move.eq(self.report.ready)
            with m.If(octet.sent):
                m.next = "HISTOGRAM"
        with m.State("HISTOGRAM"):
            m.d.comb += self.report.p.data.eq(histogram.count.word_select(octet.index, 8))
            m.d.comb += self.report.valid.eq(octet.fetched)
            m.d.comb += self.report.p.last.eq(histogram.last & (octet.index == 3))
            with m.If(octet.sent):
                m.d.sync += histogram.row.eq(histogram.row + 1)
                with m.If(histogram.last):
                    m.next = "COUNT"
