"""Proofs of the serial line: CRC, frames, and the way back to idle whatever came before."""

from amaranth import Elaboratable, Module, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.serial.framing import Deframer, Framer, SerialCRC
from hw.serial.uart import Receiver, Transmitter
from sw.line.protocol import ESCAPE, FLAG, FLIP, TRAILER

from .contract import Consumer, Producer, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

POLYNOMIAL = 0xEDB88320  # of CRC-32, lowest bit first
RESIDUE = 0x2144DF1C     # CRC-32 of anything and its own CRC
OCTET_CYCLES = 8         # of the serial CRC
DIVISOR = 4              # cycles of a bit


class Reference(Elaboratable):
    """CRC-32 by its definition, a bit a cycle: bits of the register and of octets, lowest first.

    Attributes
    ----------
    start, add, out : Signal
        Forget what went before, add ``octet``, move the CRC down by an octet.
    octet : Signal
        What is added.
    crc : Signal
        CRC of all octets, 8 cycles after the last.
    busy : Signal
        Until then.
    """

    def __init__(self):
        self.start, self.add, self.out, self.busy = Signal(), Signal(), Signal(), Signal()
        self.octet, self.crc = Signal(8), Signal(32)

    def elaborate(self, platform):
        m = Module()
        rest, left, moves = Signal(8), Signal(range(9)), Signal()
        register, bit = Signal(32), Signal()
        m.d.comb += [register.eq(~self.crc), self.busy.eq(left != 0)]
        m.d.comb += bit.eq(register[0] ^ rest[0])
        with m.If(left != 0):
            m.d.sync += [left.eq(left - 1), rest.eq(rest >> 1)]
            m.d.sync += self.crc.eq(~(register >> 1 ^ Mux(bit & ~moves, POLYNOMIAL, 0)))
        with m.If(self.start):
            m.d.sync += self.crc.eq(0)
        with m.If(self.add | self.out):
            m.d.sync += [left.eq(8), rest.eq(self.octet), moves.eq(self.out)]
        return m


class Crc(Elaboratable):
    """The serial CRC against the definition."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = SerialCRC()
        m.submodules.wanted = wanted = Reference()
        choice = Signal(2)
        m.d.comb += choice.eq(AnySeq(2))
        m.d.comb += [dut.octet.eq(AnySeq(8)), dut.start.eq((choice == 1) & ~dut.busy),
                     dut.valid.eq((choice == 2) & ~dut.busy),
                     dut.out.eq((choice == 3) & ~dut.busy)]
        m.d.comb += [wanted.octet.eq(dut.octet), wanted.start.eq(dut.start),
                     wanted.add.eq(dut.valid), wanted.out.eq(dut.out)]
        m.d.comb += Assert(dut.busy == wanted.busy, "the CRC is not busy for 8 cycles")
        m.d.comb += Assert(dut.busy | (dut.crc == wanted.crc), "the CRC is not that of the octets")
        m.d.comb += Assert(dut.busy | (dut.match == (wanted.crc == RESIDUE)),
                           "match is not the residue's")
        return m


class Frames(Elaboratable):
    """The deframer against its definition, which a flag puts back to where it began."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = Deframer()
        m.submodules.producer = producer = Producer(dut.i)
        taken, octet, error = producer.taken, dut.i.p.data, dut.i.p.error
        m.submodules.wanted = wanted = Reference()
        escaped, spoilt = Signal(), Signal()
        is_flag, is_data, plain = Signal(), Signal(), Signal(8)
        m.d.comb += is_flag.eq(taken & (octet == FLAG) & ~error)
        m.d.comb += is_data.eq(taken & ~is_flag & (octet != ESCAPE))
        m.d.comb += plain.eq(Mux(escaped, octet ^ FLIP, octet))
        with m.If(is_flag):
            m.d.sync += [escaped.eq(0), spoilt.eq(0)]
        with m.Elif(taken):
            m.d.sync += [escaped.eq(octet == ESCAPE), spoilt.eq(spoilt | error)]
        m.d.comb += [wanted.start.eq(is_flag), wanted.add.eq(is_data), wanted.octet.eq(plain)]
        m.d.comb += Assert(dut.flag == is_flag, "a flag is missed or made up")
        m.d.comb += Assert(dut.valid == is_data, "an octet is lost or made up")
        m.d.comb += Assert(~is_data | (dut.octet == plain), "an octet is not what was sent")
        m.d.comb += Assert(~is_flag | (dut.good == ((wanted.crc == RESIDUE) & ~escaped & ~spoilt)),
                           "a frame is good that is not, or bad that is not")
        at_most(m, OCTET_CYCLES, dut.i.valid & ~dut.i.ready, taken, "an octet is refused too long")
        return m


class FrameOut(Elaboratable):
    """The framer: its output is held, is a frame, and ends soon after the last octet."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = Framer()
        m.submodules.producer = producer = Producer(dut.i)
        consumer = Consumer(m, dut.o)
        word = dut.o.payload
        inside, escaped, ending = Signal(), Signal(), Signal()
        trailer = Signal(range(TRAILER + 1))  # octets of the CRC that are out
        is_flag, whole, body = Signal(), Signal(), Signal()
        m.d.comb += is_flag.eq(word == FLAG)
        m.d.comb += whole.eq(consumer.taken & ~is_flag & (escaped | (word != ESCAPE)))
        m.d.comb += body.eq(whole & ~ending)
        with m.If(consumer.taken):
            m.d.sync += escaped.eq((word == ESCAPE) & ~escaped)
            with m.If(is_flag):
                m.d.sync += [inside.eq(~inside), ending.eq(0), trailer.eq(0)]
        with m.If(producer.taken & dut.i.p.last):
            m.d.sync += ending.eq(1)
        with m.If(whole & ending):
            m.d.sync += trailer.eq(trailer + 1)
        m.d.comb += Assert(~consumer.taken | inside | is_flag, "octets come out between frames")
        m.d.comb += Assert(~consumer.taken | ~is_flag | ~inside | (trailer == TRAILER),
                           "a frame is closed before its CRC is out")
        m.d.comb += Assert(~whole | ~ending | (trailer != TRAILER), "a frame is not closed")
        m.d.comb += Assert(body == producer.taken, "an octet is lost or doubled")
        m.d.comb += Assert(~body | (Mux(escaped, word ^ FLIP, word) == dut.i.p.data),
                           "an octet is not what was given")
        m.d.comb += Assert(~escaped | ~dut.o.valid | (word == FLAG ^ FLIP)
                           | (word == ESCAPE ^ FLIP), "an escape is not of a flag or an escape")
        waits = (ending | dut.i.valid) & ~dut.o.valid
        at_most(m, OCTET_CYCLES + 1, waits, dut.o.valid,
                "the line waits for an octet that is there")
        return m


class Loop(Elaboratable):
    """A transmitter behind a line with noise: after the line was idle, octets come through."""

    IDLE = 12 * DIVISOR  # cycles of an idle line: an octet with start and stop bit, two more

    def elaborate(self, platform):
        m = Module()
        m.submodules.receiver = receiver = Receiver(divisor=DIVISOR)
        m.submodules.transmitter = transmitter = Transmitter(divisor=DIVISOR)
        receiver_taken, noise, sends = Signal(), Signal(), Signal()
        quiet = Signal(range(self.IDLE + 1))
        m.d.comb += [noise.eq(AnySeq(1)), sends.eq(AnySeq(1))]
        m.d.comb += [receiver.o.ready.eq(1), receiver_taken.eq(receiver.o.valid)]

        # Noise until the line has been high for long, one octet from then on.
        sent, octet, over = Signal(), Signal(8), Signal()
        settled = Signal()
        m.d.comb += settled.eq(quiet == self.IDLE)
        m.d.comb += receiver.rx.eq(Mux(settled, transmitter.tx, noise))
        with m.If(~settled):
            m.d.sync += quiet.eq(Mux(noise, quiet + 1, 0))
        m.d.comb += transmitter.i.payload.eq(AnySeq(8))
        m.d.comb += transmitter.i.valid.eq(settled & sends & ~sent)
        with m.If(transmitter.i.valid & transmitter.i.ready):
            m.d.sync += [sent.eq(1), octet.eq(transmitter.i.payload)]
        m.d.comb += Assert(~transmitter.i.ready | transmitter.tx, "the idle line is not high")
        m.d.comb += Assert(~settled | ~receiver_taken | (sent & ~over),
                           "an octet comes out that was not sent")
        with m.If(settled & receiver_taken):
            m.d.sync += over.eq(1)
        m.d.comb += Assert(~settled | ~receiver_taken | ~sent
                           | ((receiver.o.p.data == octet) & ~receiver.o.p.error),
                           "an octet is not what was sent")
        at_most(m, 10 * DIVISOR + 2, sent & ~over, ~sent, "an octet does not come through")
        return m


PROOFS = [
    Proof("crc", "The CRC is that of the definition, match says that it is CRC-32's residue, and "
          "it is busy for 8 cycles, for all octets in any order with starts and reads",
          "CRC-32", Crc,
          Fault("hw.serial.framing.SerialCRC.elaborate", "Mux(moving, ~processor.crc[0]",
                "Mux(moving, processor.crc[0]"),
          method="bmc", depth=18, enough="two octets or reads in a row after reset, and every "
          "mixture of them with starts"),
    Proof("deframer", "Every octet comes out as the protocol says, a frame is good exactly if its "
          "CRC is, and each flag puts all back to the start, whatever was before", "any octets, "
          "any errors", Frames,
          Fault("hw.serial.framing.Deframer.elaborate", "escaped.eq(is_escape)",
                "escaped.eq(is_escape | escaped)"),
          ("Deframer",), method="bmc", depth=20, enough="every sequence of octets that fits: "
          "two data octets, or 19 flags and escapes"),
    Proof("framer", "What comes out is held until taken and is a flag, the octets with escapes, "
          "four octets of CRC, a flag, then nothing: it returns to idle after each frame",
          "frames of any octets and length", FrameOut,
          Fault("hw.serial.framing.Framer.elaborate", "escaped.eq(special & ~escaped)",
                "escaped.eq(special)"), ("Framer",), short=True),
    Proof("uart", "Whatever was on the line: after 12 bits of idle line an octet that is sent "
          "comes out of the receiver, once, unchanged and without an error",
          f"{DIVISOR} cycles a bit, both ends of one clock", Loop,
          Fault("hw.serial.uart.Receiver.elaborate", 'm.next = "STOP"', 'm.next = "DATA"'),
          ("Receiver", "Transmitter"), method="bmc", depth=130, enough="40 cycles of noise, a "
          "whole octet's, then the idle line and an octet"),
]
