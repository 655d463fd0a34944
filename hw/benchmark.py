"""The accelerator at full speed, from images in ROM: cycles, checksum, histogram of labels."""

from amaranth import *
from amaranth.lib import crc, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .framing import OCTET


__all__ = ["Benchmark", "count_bits", "fill", "rom_words"]


# A run is short enough for its cycles to fit in 32 bits and for a person to wait for.
SECONDS = 4
COUNT_BITS = 28
FLYING_BITS = 16


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


def rom_words(images, *, bits, rom_width):
    """Return packed images, uint8 (r, ceil(bits / 8)), as words of the ROM, a list of int."""
    words = -(-bits // rom_width)
    vectors = [int.from_bytes(image.tobytes(), "little") for image in images]
    mask = (1 << rom_width) - 1
    return [vector >> rom_width * word & mask for vector in vectors for word in range(words)]


class Benchmark(wiring.Component):
    """Feeds images from a ROM, one word per cycle, and watches the labels.

    A run begins when the number of images is in (unless it is ``refused``) and every counter is
    cleared, which takes a cycle a class; the ROM's images are repeated in order. A word goes out
    every cycle in which it is taken, without bubbles, between images too. The report, cycles,
    checksum and histogram as in :class:`sw.protocol.Report`, begins a few cycles after the last
    label.

    Parameters
    ----------
    words : sequence of int
        The images in ROM, one after the other, each in as many words.
    images : int
        Number of images in ROM.
    width : int
        Bits of a word.
    classes : int
        Number of labels.
    count_bits : int
        Bits of the number of images of a run, at most 32.

    Members
    -------
    i : In(stream.Signature(8))
        Number of images of a run, four octets, lowest first.
    refused : Out(1)
        For one cycle: that number was 0 or had more than ``count_bits`` bits.
    running : Out(1)
        Words and labels belong to the run.
    words : Out(stream.Signature(width))
        Words of images, for the accelerator.
    accepted : In(1)
        The accelerator takes a word.
    labelled, label : In
        The accelerator gives ``label``, and it is taken.
    report : Out(stream.Signature(OCTET))
        The report.
    """

    def __init__(self, words, *, images, width, classes, count_bits):
        if images < 1 or len(words) % images:
            raise ValueError(f"Words of the image ROM must be those of whole images: {len(words)} "
                             f"for {images}")
        self.rom = tuple(words)
        self.images = images
        self.width = width
        self.classes = classes
        self.count_bits = count_bits
        super().__init__({
            "i": In(stream.Signature(8)),
            "refused": Out(1),
            "running": Out(1),
            "words": Out(stream.Signature(width)),
            "accepted": In(1),
            "labelled": In(1),
            "label": In(range(classes)),
            "report": Out(stream.Signature(OCTET)),
        })

    def elaborate(self, platform):
        m = Module()
        running = self.running
        begin = Signal()
        finish = Signal()

        # Images: in by octets, then down to 0 as the last word of each is fetched.
        count = Signal(32)
        left = count[:self.count_bits]
        wrong = Signal()
        last_word = self._feed(m, begin, left)
        m.d.comb += wrong.eq((count[self.count_bits:] != 0) | (left == 0))
        with m.If(last_word):
            m.d.sync += left.eq(left - 1)

        # Images whose last word is fetched and whose label is not here yet.
        flying = Signal(FLYING_BITS)
        m.d.comb += finish.eq(self.labelled & (flying == 1) & (left == 0))
        with m.If(running & (last_word ^ self.labelled)):
            m.d.sync += flying.eq(flying + Mux(self.labelled, C(-1, 2), C(1, 2)))

        # Cycles: from the first word accepted to the last label.
        started = Signal()
        cycles = Signal(32)
        with m.If(running & (started | self.accepted)):
            m.d.sync += started.eq(1)
            m.d.sync += cycles.eq(cycles + 1)
        with m.If(begin):
            m.d.sync += started.eq(0)
            m.d.sync += cycles.eq(0)

        # Labels, one cycle later: this far from the accelerator nothing is urgent.
        label = Signal(range(self.classes))
        labelled = Signal()
        m.d.sync += label.eq(self.label)
        m.d.sync += labelled.eq(self.labelled & running)

        m.submodules.checksum = checksum = ResetInserter(begin)(
            crc.catalog.CRC32_ISO_HDLC(data_width=8).create())
        m.d.comb += checksum.data.eq(label)
        m.d.comb += checksum.valid.eq(labelled)

        row = Signal(range(self.classes))
        last_row = row == self.classes - 1
        clear = Signal()
        tally = Signal(32)
        m.d.comb += tally.eq(self._histogram(m, label, labelled, row, clear))

        # The report: three kinds of words, octet by octet. A row of the histogram is there one
        # cycle after its number.
        octet = Signal(2)
        fetched = Signal()
        sent = Signal()
        m.d.comb += sent.eq(self.report.valid & self.report.ready & (octet == 3))
        m.d.sync += fetched.eq(~sent)
        with m.If((self.report.valid & self.report.ready) | (self.i.valid & self.i.ready)):
            m.d.sync += octet.eq(octet + 1)

        with m.FSM():
            with m.State("COUNT"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    m.d.sync += count.eq(Cat(count[8:], self.i.payload))
                    with m.If(octet == 3):
                        m.next = "CHECK"
            with m.State("CHECK"):
                m.d.comb += self.refused.eq(wrong)
                m.d.sync += row.eq(0)
                m.next = "CLEAR"
                with m.If(wrong):
                    m.next = "COUNT"
            with m.State("CLEAR"):
                m.d.comb += clear.eq(1)
                m.d.sync += row.eq(row + 1)
                with m.If(last_row):
                    m.d.comb += begin.eq(1)
                    m.d.sync += running.eq(1)
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.sync += row.eq(0)
                with m.If(finish):
                    m.d.sync += running.eq(0)
                    m.next = "LAST"
            with m.State("LAST"):  # the last label is on its way through the counters
                with m.If(~labelled):
                    m.next = "CYCLES"
            with m.State("CYCLES"):
                m.d.comb += self.report.p.data.eq(cycles.word_select(octet, 8))
                m.d.comb += self.report.valid.eq(1)
                with m.If(sent):
                    m.next = "CHECKSUM"
            with m.State("CHECKSUM"):
                m.d.comb += self.report.p.data.eq(checksum.crc.word_select(octet, 8))
                m.d.comb += self.report.valid.eq(1)
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

    def _feed(self, m, begin, left):
        """Read the ROM round and round; return whether an image's last word is fetched."""
        m.submodules.rom = rom = memory.Memory(shape=self.width, depth=len(self.rom),
                                               init=self.rom)
        read = rom.read_port()
        address = Signal(range(len(self.rom)))
        more = Signal()
        fetch = Signal()
        last_word = Signal()

        # A word waits in the read port's register until it is taken.
        m.d.comb += fetch.eq(~self.words.valid | self.words.ready)
        m.d.comb += read.en.eq(fetch)
        m.d.comb += read.addr.eq(address)
        m.d.comb += self.words.payload.eq(read.data)
        with m.If(fetch):
            m.d.sync += self.words.valid.eq(more)
            with m.If(more):
                m.d.sync += address.eq(Mux(address == len(self.rom) - 1, 0, address + 1))

        words = len(self.rom) // self.images
        if words == 1:
            m.d.comb += last_word.eq(fetch & more)
        else:
            index = Signal(range(words))
            m.d.comb += last_word.eq(fetch & more & (index == words - 1))
            with m.If(fetch & more):
                m.d.sync += index.eq(Mux(index == words - 1, 0, index + 1))

        with m.If(last_word & (left == 1)):
            m.d.sync += more.eq(0)
        with m.If(begin):
            m.d.sync += more.eq(1)
            m.d.sync += address.eq(0)
        return last_word

    def _histogram(self, m, label, labelled, row, clear):
        """Count labels, one per cycle; return the count in ``row``, while there are no labels.

        A count is read in one cycle, and written one higher in the next. The label after it reads
        too early to see that, if it is the same: then the count is still in ``latest``.
        """
        m.submodules.counts = counts = memory.Memory(shape=self.count_bits, depth=self.classes,
                                                     init=[])
        read, write = counts.read_port(), counts.write_port()
        before = Signal.like(label)
        valid = Signal()
        again = Signal()
        latest = Signal(self.count_bits)
        total = Signal(self.count_bits)
        m.d.sync += before.eq(label)
        m.d.sync += valid.eq(labelled)
        m.d.sync += again.eq(valid & (before == label))
        m.d.sync += latest.eq(total)
        m.d.comb += total.eq(Mux(again, latest, read.data) + 1)

        m.d.comb += read.addr.eq(Mux(self.running | labelled, label, row))
        m.d.comb += write.addr.eq(Mux(clear, row, before))
        m.d.comb += write.data.eq(Mux(clear, 0, total))
        m.d.comb += write.en.eq(clear | valid)
        return read.data
