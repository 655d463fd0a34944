"""Weights for SPRAMs in the flash that the FPGA starts from: their format, and their loader."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from zlib import crc32

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.protocol import ErrorCode

from .framing import SerialCRC


__all__ = ["FLASH_OFFSET", "SPI", "FlashLoader", "WeightImage"]

FLASH_OFFSET = 1 << 20  # octets; behind the bitstream, which has 104,090 octets on an UP5K
MAGIC = b"THRW"
ATTEMPTS = 3

WAKE, READ = 0xab, 0x03  # commands of the flash: release from power-down, read
SPI_HZ = 12e6            # every flash reads at this clock
FAST_HZ = 30_000_000  # clock above which what follows from the number of a word is a register
WAKE_SECONDS = 50e-6     # every flash is awake after this time

SPI = wiring.Signature({"cs": Out(1), "clk": Out(1), "copi": Out(1), "cipo": In(1)})


@dataclass(frozen=True)
class WeightImage:
    """The weights of a network for SPRAMs, as they are stored in the flash.

    The image begins at octet ``FLASH_OFFSET`` of the flash. It consists of the magic ``THRW``, the
    number of octets of the weights (``u32``), the CRC-32 of the weights (``u32``), the identity of
    the network (32 octets), and the weights (words of 16 bits). Numbers are little-endian.

    Attributes
    ----------
    identity : str
        SHA-256 of the network, in hexadecimal.
    words : tuple of int
        Weights, in the order in which the accelerator takes them.
    """

    identity: str
    words: tuple

    @cached_property
    def weights(self):
        """Weights as octets."""
        return b"".join(word.to_bytes(2, "little") for word in self.words)

    @cached_property
    def crc(self):
        """CRC-32 of the weights."""
        return crc32(self.weights)

    @cached_property
    def header(self):
        """Octets before the weights."""
        return (MAGIC + len(self.weights).to_bytes(4, "little") + self.crc.to_bytes(4, "little")
                + bytes.fromhex(self.identity))

    def encode(self):
        """Return the octets of the image in the flash."""
        return self.header + self.weights


class Transfer:
    """A shift register between design and flash.

    In a transfer its bits go to the flash, the highest first, and as many bits come from the flash.

    Parameters
    ----------
    m : Module
        Gets the logic.
    spi : SPI
        The flash.
    half_period : int
        Half a period of the SPI's clock, in cycles.

    Attributes
    ----------
    shift : Signal
        The register, 16 bits: the highest bit goes to the flash next, the lowest bit came last.
    left : Signal
        Bits of the transfer that are not shifted yet.
    octet : Signal
        Whether the last bit from the flash completed an octet in the cycle before.
    done : Value
        Whether the transfer is over.
    """

    def __init__(self, m, spi, *, half_period):
        self.spi = spi
        self.shift, self.left = Signal(16), Signal(range(17))
        self.done = self.left == 0
        tick, sample, octet = Signal(), Signal(), Signal()
        self.octet = octet
        if half_period == 1:
            m.d.comb += tick.eq(1)
        else:
            phase = Signal(range(half_period))
            m.d.comb += tick.eq(phase == half_period - 1)
            m.d.sync += phase.eq(Mux((self.left == 0) | tick, 0, phase + 1))
        m.d.comb += spi.copi.eq(self.shift[-1])
        m.d.comb += sample.eq(spi.clk & tick)
        with m.If((self.left != 0) & tick):
            m.d.sync += spi.clk.eq(~spi.clk)
        with m.If(sample):
            m.d.sync += self.shift.eq(Cat(spi.cipo, self.shift))
            m.d.sync += self.left.eq(self.left - 1)
        m.d.sync += octet.eq(sample & (self.left[:3] == 1))

    def start(self, m, bits, word=None):
        """Begin a transfer of so many bits: those of ``word``, or any if the flash ignores them."""
        m.d.sync += [self.spi.cs.eq(1), self.left.eq(bits)]
        if word is not None:
            m.d.sync += self.shift.eq(word)


def count(m, index, number):
    """Add one to ``index``, or clear it after ``number`` steps; return whether it is cleared."""
    m.d.sync += index.eq(index + 1)
    with m.If(index == number - 1):
        m.d.sync += index.eq(0)
    return index == number - 1


class FlashLoader(wiring.Component):
    """Reads weights from an SPI flash once after reset, and checks that they are the right ones.

    The loader wakes the flash, which is asleep after configuration, and reads an image. Header and
    CRC of the image must equal those of the image that the design was made for. Otherwise the
    loader tries again, three times in all. In each attempt either all words come out or none, so
    that the accelerator can count them. A load without a fault takes :attr:`cycles` cycles from
    reset to ``status`` 0 if all words are taken at once. One word comes every
    ``32 * half_period + 1`` cycles.

    Parameters
    ----------
    image : WeightImage
        The image that must be in the flash.
    clock_hz : int
        Frequency of the clock. The SPI's clock is this frequency divided by an even number, at most
        12 MHz. The SPI works in mode 0; a bit from the flash is sampled a whole period after the
        edge at which the flash sends it.

    Members
    -------
    spi : Out(SPI)
        The flash; ``cs`` is high while it is selected.
    o : Out(stream.Signature(16))
        Words of the weights. Their CRC is checked after the last word.
    status : Out(3)
        0 if the weights are loaded and right. Otherwise the :class:`sw.line.protocol.ErrorCode`
        that says why they are not.
    """

    def __init__(self, image, *, clock_hz):
        if not image.words:
            raise ValueError("Weights in the flash must be at least 1 word: there are none")
        self.image = image
        self.clock_hz = clock_hz
        self.half_period = ceil(clock_hz / (2 * SPI_HZ))
        self.wake_cycles = ceil(WAKE_SECONDS * clock_hz)
        header = image.header
        self.header = [int.from_bytes(header[at:at + 2], "little")
                       for at in range(0, len(header), 2)]
        words = len(self.header) + len(image.words)
        self.cycles = (2 * self.wake_cycles + 2 * self.half_period * (8 + 16 * (2 + words))
                       + 3 + words + 9)  # one after each transfer, and the CRC's end
        super().__init__({
            "spi": Out(SPI),
            "o": Out(stream.Signature(16)),
            "status": Out(Shape.cast(ErrorCode).width, init=ErrorCode.LOADING),
        })

    def elaborate(self, platform):
        m = Module()
        transfer = Transfer(m, self.spi, half_period=self.half_period)
        index = Signal(range(max(len(self.header), len(self.image.words), self.wake_cycles)))
        word, expected = self._compare(m, transfer, index)
        last = None
        if self.is_fast:
            last = Signal()
            m.d.sync += last.eq(index == len(self.image.words) - 1)
        m.submodules.check = check = SerialCRC()
        m.d.comb += check.octet.eq(transfer.shift)
        m.d.comb += self.o.payload.eq(word)

        code = Signal.like(self.status)
        failures = Signal(range(ATTEMPTS))
        with m.FSM():
            with m.State("SLEEP"):
                m.d.comb += check.start.eq(1)
                with m.If(count(m, index, self.wake_cycles)):
                    transfer.start(m, 8, WAKE << 8)
                    m.next = "WAKE"
            with m.State("WAKE"):
                with m.If(transfer.done):
                    m.d.sync += self.spi.cs.eq(0)
                    m.next = "AWAKE"
            with m.State("AWAKE"):
                with m.If(count(m, index, self.wake_cycles)):
                    transfer.start(m, 16, READ << 8 | FLASH_OFFSET >> 16)
                    m.next = "COMMAND"
            with m.State("COMMAND"):
                with m.If(transfer.done):
                    transfer.start(m, 16, FLASH_OFFSET & 0xffff)
                    m.next = "ADDRESS"
            with m.State("ADDRESS"):
                with m.If(transfer.done):
                    transfer.start(m, 16)
                    m.next = "HEADER"
            with m.State("HEADER"):
                with m.If(transfer.done):
                    with m.If(word != expected):
                        m.d.sync += code.eq(Mux(index < len(MAGIC) // 2, ErrorCode.NO_WEIGHTS,
                                                ErrorCode.OTHER_WEIGHTS))
                        m.next = "REFUSE"
                    with m.Else():
                        transfer.start(m, 16)
                        with m.If(count(m, index, len(self.header))):
                            m.next = "WEIGHTS"
            with m.State("WEIGHTS"):
                m.d.comb += check.valid.eq(transfer.octet)
                m.d.comb += self.o.valid.eq(transfer.done)
                with m.If(transfer.done & self.o.ready):
                    self._pass_word(m, transfer, index, last)
            with m.State("CHECK"):
                m.d.sync += code.eq(ErrorCode.DAMAGED_WEIGHTS)
                with m.If(~check.busy):
                    self._judge(m, check)
            with m.State("REFUSE"):
                self._refuse(m, index, failures, code)
            with m.State("END"):
                pass
        return m

    def _compare(self, m, transfer, index):
        """Return the word from the flash, and the header's word that it must equal."""
        word, expected = Signal(16), Signal(16)
        m.d.comb += word.eq(Cat(transfer.shift[8:], transfer.shift[:8]))
        with m.Switch(index):
            for place, value in enumerate(self.header):
                with m.Case(place):
                    m.d["sync" if self.is_fast else "comb"] += expected.eq(value)
        return word, expected

    @property
    def is_fast(self):
        """Whether the clock is too fast for what follows from a word's number in the same cycle.

        The number stays while the word comes, so that a register does as well.
        """
        return self.clock_hz > FAST_HZ

    def _pass_word(self, m, transfer, index, last):
        """Read the next word of the weights; after the last word, go on to the check of the CRC."""
        transfer.start(m, 16)
        if last is None:
            last = count(m, index, len(self.image.words))
        else:
            m.d.sync += index.eq(Mux(last, 0, index + 1))
        with m.If(last):
            m.d.sync += transfer.left.eq(0)
            m.next = "CHECK"

    def _judge(self, m, check):
        """End the load if the CRC of the weights is right; otherwise refuse the weights."""
        m.next = "REFUSE"
        with m.If(check.crc == self.image.crc):
            m.d.sync += self.status.eq(0)
            m.d.sync += self.spi.cs.eq(0)
            m.next = "END"

    def _refuse(self, m, index, failures, code):
        """Begin the load again; after the last attempt, say why it failed."""
        m.d.sync += [self.spi.cs.eq(0), index.eq(0)]
        m.d.sync += failures.eq(failures + 1)
        m.next = "SLEEP"
        with m.If(failures == ATTEMPTS - 1):
            m.d.sync += self.status.eq(code)
            m.next = "END"
