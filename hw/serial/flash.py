"""Weights for SPRAMs in the flash that the FPGA starts from: how they lie there, who reads them."""

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

FLASH_OFFSET = 1 << 20  # octets; a bitstream of an UP5K, the one before it, has 104,090
MAGIC = b"THRW"
ATTEMPTS = 3

WAKE, READ = 0xab, 0x03  # commands: release from power-down, read
SPI_HZ = 12e6            # slower than the slowest flash's READ
WAKE_SECONDS = 50e-6     # no flash takes longer

SPI = wiring.Signature({"cs": Out(1), "clk": Out(1), "copi": Out(1), "cipo": In(1)})


@dataclass(frozen=True)
class WeightImage:
    """What a network's SPRAMs are loaded from, at octet ``FLASH_OFFSET`` of the flash.

    Numbers are little-endian: the magic ``THRW``, octets of the weights ``u32``, their CRC-32
    ``u32``, the identity of the network, 32 octets, and the weights, words of 16 bits.

    Attributes
    ----------
    identity : str
        SHA-256 of the network, in hexadecimal.
    words : tuple of int
        Words in the order in which the accelerator takes them.
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
        """Return the image as it lies in the flash."""
        return self.header + self.weights


class FlashLoader(wiring.Component):
    """Reads weights from an SPI flash once after reset, and checks that they are the right ones.

    Wakes the flash, which configuration leaves asleep, and reads. The header must be that of the
    image that the design was made for, and the CRC of what follows too. If one is not, all is tried
    again, three times in sum. Each time either no word comes out or all do, so that who takes them
    may count them. A load without a fault takes :attr:`cycles` from reset to ``status`` 0, if words
    are taken at once; one word comes every ``32 * half_period + 1`` cycles.

    Parameters
    ----------
    image : WeightImage
        What must be in the flash.
    clock_hz : int
        Frequency of the clock; that of the SPI is half of it or a smaller even part, at most 12 MHz
        (mode 0; data of the flash is sampled a whole period after the edge that made it).

    Members
    -------
    spi : Out(SPI)
        The flash; ``cs`` is high while it is selected.
    o : Out(stream.Signature(16))
        Words of the weights, checked only after the last one.
    status : Out(3)
        0 when the weights are there and right; until then why not, an
        :class:`sw.line.protocol.ErrorCode`.
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
                       + 3 + words + 9)  # a cycle behind each transfer, and the last CRC
        super().__init__({
            "spi": Out(SPI),
            "o": Out(stream.Signature(16)),
            "status": Out(Shape.cast(ErrorCode).width, init=ErrorCode.LOADING),
        })

    def elaborate(self, platform):
        m = Module()
        spi = self.spi

        # Transfer: so many bits, highest first, out of the register's top and into its bottom.
        shift, left = Signal(16), Signal(range(17))
        tick, sample, octet = Signal(), Signal(), Signal()
        if self.half_period == 1:
            m.d.comb += tick.eq(1)
        else:
            phase = Signal(range(self.half_period))
            m.d.comb += tick.eq(phase == self.half_period - 1)
            m.d.sync += phase.eq(Mux((left == 0) | tick, 0, phase + 1))
        m.d.comb += spi.copi.eq(shift[-1])
        m.d.comb += sample.eq(spi.clk & tick)
        with m.If((left != 0) & tick):
            m.d.sync += spi.clk.eq(~spi.clk)
        with m.If(sample):
            m.d.sync += shift.eq(Cat(spi.cipo, shift))
            m.d.sync += left.eq(left - 1)
        m.d.sync += octet.eq(sample & (left[:3] == 1))  # one is in, in the next cycle
        done = left == 0

        def transfer(bits, word=None):
            m.d.sync += [spi.cs.eq(1), left.eq(bits)]
            if word is not None:
                m.d.sync += shift.eq(word)

        # Words: what they should be in the header, and the CRC of those behind it.
        index = Signal(range(max(len(self.header), len(self.image.words), self.wake_cycles)))
        word, expected = Signal(16), Signal(16)
        m.d.comb += word.eq(Cat(shift[8:], shift[:8]))
        with m.Switch(index):
            for place, value in enumerate(self.header):
                with m.Case(place):
                    m.d.comb += expected.eq(value)
        m.submodules.check = check = SerialCRC()
        m.d.comb += check.octet.eq(shift)
        m.d.comb += self.o.payload.eq(word)

        def count(to):
            m.d.sync += index.eq(index + 1)
            with m.If(index == to - 1):
                m.d.sync += index.eq(0)
            return index == to - 1

        code = Signal.like(self.status)
        failures = Signal(range(ATTEMPTS))
        with m.FSM():
            with m.State("SLEEP"):
                m.d.comb += check.start.eq(1)
                with m.If(count(self.wake_cycles)):
                    transfer(8, WAKE << 8)
                    m.next = "WAKE"
            with m.State("WAKE"):
                with m.If(done):
                    m.d.sync += spi.cs.eq(0)
                    m.next = "AWAKE"
            with m.State("AWAKE"):
                with m.If(count(self.wake_cycles)):
                    transfer(16, READ << 8 | FLASH_OFFSET >> 16)
                    m.next = "COMMAND"
            with m.State("COMMAND"):
                with m.If(done):
                    transfer(16, FLASH_OFFSET & 0xffff)
                    m.next = "ADDRESS"
            with m.State("ADDRESS"):
                with m.If(done):
                    transfer(16)
                    m.next = "HEADER"
            with m.State("HEADER"):
                with m.If(done):
                    with m.If(word != expected):
                        m.d.sync += code.eq(Mux(index < len(MAGIC) // 2, ErrorCode.NO_WEIGHTS,
                                                ErrorCode.OTHER_WEIGHTS))
                        m.next = "REFUSE"
                    with m.Else():
                        transfer(16)
                        with m.If(count(len(self.header))):
                            m.next = "WEIGHTS"
            with m.State("WEIGHTS"):
                m.d.comb += check.valid.eq(octet)
                m.d.comb += self.o.valid.eq(done)
                with m.If(done & self.o.ready):
                    transfer(16)
                    with m.If(count(len(self.image.words))):
                        m.d.sync += left.eq(0)
                        m.next = "CHECK"
            with m.State("CHECK"):
                m.d.sync += code.eq(ErrorCode.DAMAGED_WEIGHTS)
                with m.If(~check.busy):
                    m.next = "REFUSE"
                    with m.If(check.crc == self.image.crc):
                        m.d.sync += self.status.eq(0)
                        m.d.sync += spi.cs.eq(0)
                        m.next = "END"
            with m.State("REFUSE"):
                m.d.sync += [spi.cs.eq(0), index.eq(0)]
                m.d.sync += failures.eq(failures + 1)
                m.next = "SLEEP"
                with m.If(failures == ATTEMPTS - 1):
                    m.d.sync += self.status.eq(code)
                    m.next = "END"
            with m.State("END"):
                pass
        return m
