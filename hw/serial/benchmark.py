"""Runs the accelerator at full speed, counts the run's cycles and labels, and reports them."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import crc, stream, wiring
from amaranth.lib.wiring import In, Out

from .framing import OCTET
from .histogram import count_labels


__all__ = ["Benchmark", "counter_width", "fill"]


# The longest run takes about so long. Its cycles fit in 32 bits, and a person can wait for its end.
SECONDS = 4
WIDEST = 28       # most bits of the number of images of a run
FLYING_BITS = 10  # enough to count all images that queues and pipelines hold


def counter_width(clock_hz, period):
    """Return the bits of a counter of images, for runs of about ``SECONDS``.

    An image takes ``period`` cycles.
    """
    images = SECONDS * clock_hz // period
    return min(max(images.bit_length(), 8), WIDEST)


def fill(*, bits, rom_width, input_width, interval, latency):
    """Return the cycles of a run beyond ``images * max(interval, feed)``.

    A run begins in the cycle in which the accelerator accepts the first word, and ends in the cycle
    of the last label; both cycles count. The last word of the first image comes ``span`` cycles
    after its first word. The label of the first image comes ``latency`` cycles after that, and the
    last label ``images - 1`` periods after the first.
    """
    feed = -(-bits // rom_width)
    beats = -(-bits // input_width)
    span = feed - -(-min(input_width, bits) // rom_width) if rom_width < input_width else beats - 1
    return span + latency + 1 - max(interval, feed)


@dataclass(frozen=True)
class Images:
    """The counter of the images that a run still needs.

    Attributes
    ----------
    left : Signal
        The number of images less one; negative if the run needs no further image.
    loading : Signal
        Whether a change of ``left`` shifts an octet in. Otherwise a change subtracts one.
    load, step : Signal
        Whether ``left`` takes an octet, and whether one is subtracted before the run.
    """

    left: Signal
    loading: Signal
    load: Signal
    step: Signal


@dataclass(frozen=True)
class Number:
    """A number of the report, in a shift register.

    Attributes
    ----------
    octet : Value
        The lowest octet.
    move : Signal
        Whether the register moves down by an octet in this cycle.
    """

    octet: Value
    move: Signal


@dataclass(frozen=True)
class Octet:
    """The counter of the four octets of a number, which comes in or goes out.

    Attributes
    ----------
    index : Signal
        The octet's place in the number.
    sent : Signal
        Whether the last octet of a number of the report goes out in this cycle.
    fetched : Signal
        Whether the count of the histogram's row is read, which takes a cycle after the row changed.
    """

    index: Signal
    sent: Signal
    fetched: Signal


class Benchmark(wiring.Component):
    """Asks for the images of a run, and counts its labels, up to one per cycle.

    The number of images comes in first. It is ``refused``, or the run begins once every counter is
    cleared, which takes one cycle for each class and a few more. The report begins a few cycles
    after the last label: cycles, checksum and histogram, as in :class:`sw.line.protocol.Report`.

    Parameters
    ----------
    classes : int
        Number of labels.
    counter_width : int
        Most bits of the number of images of a run; at most 31.

    Members
    -------
    i : In(stream.Signature(8))
        The number of images of a run, four octets, the lowest first.
    refused : Out(1)
        The number of images is 0 or has more than ``counter_width`` bits. High for one cycle.
    begin : Out(1)
        The run begins in the next cycle. High for one cycle.
    running : Out(1)
        Images and labels belong to the run.
    more : Out(1)
        The run needs further images.
    given : In(1)
        An image is given, at the latest in the cycle in which the accelerator takes its last word.
    accepted : In(1)
        The accelerator takes a word.
    labelled, label : In
        The accelerator gives the label of an image, which is always taken in a run.
    report : Out(stream.Signature(OCTET))
        The report; ``last`` with its last octet.
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

        # Both are registers, because the logic that depends on them is far away.
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
        """Take the number of images in, then count down; return the :class:`Images`."""
        # The counter holds the number less one, because then the sign alone says that no image is
        # left. Octets of the number are shifted in from above, because then adder and choice fit
        # in one LUT4 per bit. The choice is a register, because it lies far from the decision that
        # the counter changes.
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
        """Count images that are given and have no label yet; return whether the run is over."""
        # When there is no such image and none is to come, the last label was taken 2 cycles ago.
        # The run ends one cycle later.
        flying = Signal(FLYING_BITS)
        finish = Signal()
        m.d.sync += finish.eq(self.running & ~self.more & ~given & (flying == 0))
        with m.If(given ^ labelled):
            m.d.sync += flying.eq(flying + Cat(1, labelled.replicate(FLYING_BITS - 1)))
        return finish

    def _count_cycles(self, m, accepted, finish):
        """Count cycles from the first word to the last label; return the :class:`Number`."""
        # The counter starts and stops 3 cycles late. In the report it is a shift register.
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
        checksum_out = Signal()
        # In the report the CRC is a shift register: the octet that leaves makes the feedback zero.
        m.d.comb += checksum.data.eq(Mux(self.running, label, ~checksum.crc[:8]))
        m.d.comb += checksum.valid.eq(labelled | checksum_out)
        return Number(checksum.crc[:8], checksum_out)

    def _count_octets(self, m, images):
        """Count the octets of a number that comes in or goes out; return the :class:`Octet`."""
        octet = Signal(2)
        fetched = Signal()
        taken, sent = Signal(), Signal()
        m.d.comb += taken.eq(self.report.valid & self.report.ready)
        m.d.comb += sent.eq(taken & (octet == 3))
        m.d.sync += fetched.eq(~sent)
        with m.If(taken | images.load):
            m.d.sync += octet.eq(octet + 1)
        return Octet(index=octet, sent=sent, fetched=fetched)

    def _begin(self, m, images, octet, histogram):
        """Add the states before a run: take and check its number of images, clear the histogram."""
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
        """Add the states after a run: send the cycles, the checksum and the histogram's counts."""
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
