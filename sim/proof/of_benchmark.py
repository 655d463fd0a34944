"""Proof of the benchmark: what it asks for, what it counts, and what it reports."""

from amaranth import Array, Cat, Const, Elaboratable, Module, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.serial.benchmark import Benchmark

from .contract import Consumer, Producer, at_most
from .harness import Fault, Proof
from .of_line import POLYNOMIAL


__all__ = ["PROOFS"]

CLASSES, COUNT_BITS = 2, 3
OCTETS = 8 + 4 * CLASSES  # of a report: cycles, checksum, a count each class


def add_octet(m, crc, octet):
    """CRC-32 with one octet more, by its definition: bit by bit, the lowest first."""
    register = ~crc
    for bit in range(8):
        before, register = register, Signal(32, name=f"crc_{bit}")
        m.d.comb += register.eq(before >> 1 ^ Mux(before[0] ^ octet[bit], POLYNOMIAL, 0))
    return ~register


class Run(Elaboratable):
    """The benchmark, an accelerator that answers whenever it likes, and a count of all of it.

    Parameters
    ----------
    numbers : range
        Octets of the report whose values are looked at, and nothing else; by default the other
        way round.
    """

    def __init__(self, numbers=range(0)):
        self.numbers = numbers

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = Benchmark(classes=CLASSES, counter_width=COUNT_BITS)
        number, runs, over = self._ask(m, dut)
        self._run(m, dut, number, runs)
        numbers = self._count(m, dut)
        self._read_report(m, dut, numbers, runs, over)
        return m

    def _control(self, m, holds, message):
        if not self.numbers:
            m.d.comb += Assert(holds, message)

    def _ask(self, m, dut):
        """Ask for a run; return how many images, whether it is under way, and when it is over."""
        m.submodules.producer = producer = Producer(dut.i)
        octet, number = Signal(2), Signal(32)
        asked, runs, over, right = Signal(), Signal(), Signal(), Signal()
        m.d.comb += right.eq((number != 0) & (number >> COUNT_BITS == 0))
        with m.If(producer.taken):
            m.d.sync += [octet.eq(octet + 1), number.eq(Cat(number[8:], dut.i.payload))]
            m.d.sync += asked.eq(octet == 3)
        with m.If(dut.refused | dut.begin):
            m.d.sync += [asked.eq(0), runs.eq(dut.begin)]
        with m.If(over):
            m.d.sync += runs.eq(0)
        self._control(m, ~producer.taken | ~(asked | runs), "a number is not the next run's")
        self._control(m, asked | runs | dut.i.ready, "the next number is refused")
        self._control(m, ~dut.refused | (asked & ~right), "a number is refused that is right")
        self._control(m, ~dut.begin | (asked & right), "a run begins that was not asked for")
        at_most(m, CLASSES + 2, asked, ~asked, "no run begins and none is refused")
        return number, runs, over

    def _run(self, m, dut, number, runs):
        """Give images and labels: a label needs an image, and a word that was accepted."""
        given, labels = Signal(COUNT_BITS + 1), Signal(COUNT_BITS + 1)
        started, whole, behind = Signal(), Signal(), Signal(range(4))
        m.d.comb += dut.given.eq(AnySeq(1) & dut.more)
        m.d.comb += [dut.accepted.eq(AnySeq(1)), dut.label.eq(AnySeq(len(dut.label)))]
        m.d.comb += dut.labelled.eq(AnySeq(1) & started & (labels != given))
        m.d.comb += whole.eq(labels == number)
        m.d.sync += [given.eq(given + dut.given), labels.eq(labels + dut.labelled)]
        m.d.sync += behind.eq(Mux(runs & whole, Mux(behind == 3, 3, behind + 1), 0))
        with m.If(dut.accepted & dut.running):
            m.d.sync += started.eq(1)
        with m.If(dut.begin):
            m.d.sync += [given.eq(0), labels.eq(0), started.eq(0)]
        self._control(m, dut.more == (dut.running & (given != number)),
                      "too many images are asked for, or too few")
        self._control(m, ~dut.running | runs, "a run begins without a word")
        self._control(m, ~runs | dut.running | whole, "a run ends before its last label")
        self._control(m, ~runs | ~whole | (dut.running == (behind != 3)),
                      "a run does not end 3 cycles behind its last label")

    def _count(self, m, dut):
        """Count what is to be reported, as late as the benchmark learns it."""
        begun, cycles, checksum = Signal(3), Signal(32), Signal(32)
        tally = Array(Signal(COUNT_BITS, name=f"tally_{index}") for index in range(CLASSES))
        m.d.sync += begun.eq(Cat(dut.accepted & dut.running | begun[0], begun))
        with m.If(begun[2] & dut.running):
            m.d.sync += cycles.eq(cycles + 1)
        late, label = Signal(), Signal.like(dut.label)
        m.d.sync += [late.eq(dut.labelled), label.eq(dut.label)]
        with m.If(late):
            m.d.sync += checksum.eq(add_octet(m, checksum, Cat(label, Const(0, 8))))
        with m.If(dut.labelled):
            m.d.sync += tally[dut.label].eq(tally[dut.label] + 1)
        with m.If(dut.begin):
            m.d.sync += [number.eq(0) for number in (begun, cycles, checksum, *tally)]
        return cycles, checksum, tally

    def _read_report(self, m, dut, numbers, runs, over):
        """Compare the report octet by octet; the octets of each number move out below."""
        consumer = Consumer(m, dut.report, "report")
        cycles, checksum, tally = numbers
        index, last, wanted = Signal(range(OCTETS)), Signal(), Signal(8)
        m.d.comb += [last.eq(index == OCTETS - 1), over.eq(consumer.taken & last)]
        with m.If(consumer.taken):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
        for number, here in (cycles, index < 4), (checksum, (index >= 4) & (index < 8)):
            with m.If(here):
                m.d.comb += wanted.eq(number)
                with m.If(consumer.taken):
                    m.d.sync += number.eq(number >> 8)
        with m.If((index >= 8) & (index[:2] == 0)):
            m.d.comb += wanted.eq(tally[index[2:] - 2])
        offers = dut.report.valid
        looks = (index >= self.numbers.start) & (index < self.numbers.stop)
        m.d.comb += Assert(~offers | ~looks | (dut.report.p.data == wanted),
                           "a number is not what it must be")
        self._control(m, ~offers | (runs & ~dut.running), "a report comes out without a run")
        self._control(m, ~offers | (dut.report.p.last == last), "last is not with the last octet")
        at_most(m, 2, runs & ~dut.running & ~offers, offers, "no octet of the report comes")


PARAMETERS = f"{CLASSES} classes, runs of up to {2**COUNT_BITS - 1} images"

PROOFS = [
    Proof("benchmark", "A run is refused exactly if its number of images is 0 or too large, asks "
          "for as many images, ends 3 cycles behind the last label, and is followed by one report "
          "of the right length, each octet held until taken; then the next may be asked for",
          PARAMETERS, Run,
          Fault("hw.serial.benchmark.Benchmark._watch_labels", "& ~given & (flying == 0)",
                "& (flying == 0)"),
          ("Benchmark",)),
    Proof("benchmark-time", "The report's cycles are those from the first word accepted to the "
          "last label, and its checksum is the CRC-32 of the labels", PARAMETERS,
          lambda: Run(range(8)),
          Fault("hw.serial.benchmark.Benchmark._sum_labels",
                "Mux(self.running, label, ~checksum.crc[:8])", "Mux(self.running, label, 0)"),
          ("Benchmark",), method="bmc", depth=22,
          enough="the first octet is out in cycle 13 at the earliest, the last of these 7 later, a "
          "cycle more for each further image: runs of any length for the first octet, of up to 2 "
          "images for the last, with few pauses"),
    Proof("benchmark-counts", "The report's counts are those of the labels", PARAMETERS,
          lambda: Run(range(8, OCTETS)),
          Fault("hw.serial.histogram.count_labels", "labelled & ~joined, blocked",
                "0, blocked"),
          ("Benchmark",), method="bmc", depth=28,
          enough="the first count is out in cycle 22 at the earliest, the second 5 later, a cycle "
          "more for each further image: runs of up to 6 images for the first, labels one a cycle; "
          "of one image for the second"),
]
