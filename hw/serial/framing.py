"""Frames on the serial line: flags, escapes and CRC (sw/line/protocol.py), in both directions."""

from amaranth import *
from amaranth.lib import crc, data, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.protocol import ESCAPE, FLAG, FLIP, TRAILER


__all__ = ["OCTET", "RECEIVED", "Deframer", "Framer"]


RECEIVED = data.StructLayout({"data": 8, "error": 1})  # an octet from the line
OCTET = data.StructLayout({"data": 8, "last": 1})      # an octet of a frame, CRC excluded


class SerialCRC(wiring.Component):
    """CRC-32 of octets, one bit per cycle: a third of the logic of an octet per cycle.

    Members
    -------
    start : In(1)
        Forgets what went before.
    valid : In(1)
        Adds ``octet``; only while not ``busy``.
    octet : In(8)
        What is added.
    out : In(1)
        Moves the CRC down by an octet, its lowest one being read; only while not ``busy``.
    busy : Out(1)
        High for the 8 cycles after ``valid`` or ``out``.
    crc : Out(32)
        CRC of all octets, while not ``busy``.
    match : Out(1)
        The last four octets were the CRC of those before them.
    """

    def __init__(self):
        super().__init__({
            "start": In(1), "valid": In(1), "octet": In(8), "out": In(1),
            "busy": Out(1), "crc": Out(32), "match": Out(1),
        })

    def elaborate(self, platform):
        m = Module()

        m.submodules.processor = processor = ResetInserter(self.start)(
            crc.catalog.CRC32_ISO_HDLC(data_width=1).create())

        # The octet's bits, lowest first, and a mark behind them. A bit that equals the one that
        # leaves the CRC moves it and changes nothing.
        shift = Signal(9)
        moving = Signal()
        m.d.comb += self.busy.eq(shift[1:] != 0)
        m.d.comb += processor.data.eq(Mux(moving, ~processor.crc[0], shift[0]))
        m.d.comb += processor.valid.eq(self.busy)
        m.d.sync += shift.eq(shift >> 1)
        with m.If(self.valid | self.out):
            m.d.sync += shift.eq(Cat(self.octet, 1))
            m.d.sync += moving.eq(self.out)

        m.d.comb += self.crc.eq(processor.crc)
        m.d.comb += self.match.eq(processor.match_detected)
        return m


class Deframer(wiring.Component):
    """Octets of the line to octets of frames.

    Every flag on the line ends a frame and begins the next one. Octets between two flags come out
    as they come in, escapes resolved, the frame's CRC included: whoever stores them learns at the
    ``flag`` whether they may be used. Octets are taken at most every 9 cycles.

    Members
    -------
    i : In(stream.Signature(RECEIVED))
        Octets of the line; ``error`` spoils the frame that it is in.
    valid : Out(1)
        ``octet`` is the next of the frame; in the cycle in which it is taken from ``i``.
    octet : Out(8)
        Octets of the frame, CRC included.
    flag : Out(1)
        A flag is taken.
    good : Out(1)
        With ``flag``: what came since the last one is a whole frame. The length is not looked at.
    """

    def __init__(self):
        super().__init__({
            "i": In(stream.Signature(RECEIVED)),
            "valid": Out(1),
            "octet": Out(8),
            "flag": Out(1),
            "good": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = check = SerialCRC()

        taken = Signal()
        m.d.comb += self.i.ready.eq(~check.busy)
        m.d.comb += taken.eq(self.i.valid & self.i.ready)

        is_flag = Signal()
        is_escape = Signal()
        m.d.comb += is_flag.eq((self.i.p.data == FLAG) & ~self.i.p.error)
        m.d.comb += is_escape.eq(self.i.p.data == ESCAPE)

        escaped = Signal()  # the octet before was an escape
        spoilt = Signal()   # since the last flag
        m.d.comb += self.flag.eq(taken & is_flag)
        m.d.comb += self.good.eq(check.match & ~escaped & ~spoilt)
        m.d.comb += self.valid.eq(taken & ~is_flag & ~is_escape)
        m.d.comb += self.octet.eq(self.i.p.data ^ Mux(escaped, FLIP, 0))
        with m.If(taken):
            m.d.sync += escaped.eq(is_escape)
            m.d.sync += spoilt.eq(~is_flag & (spoilt | self.i.p.error))
        m.d.comb += check.start.eq(self.flag)
        m.d.comb += check.valid.eq(self.valid)
        m.d.comb += check.octet.eq(self.octet)

        return m


class Framer(wiring.Component):
    """Octets of frames to octets of the line: a flag, the octets, their CRC, a flag.

    Members
    -------
    i : In(stream.Signature(OCTET))
        Octets of a frame: type, sequence number, payload.
    o : Out(stream.Signature(8))
        Octets of the line.
    """

    def __init__(self):
        super().__init__({
            "i": In(stream.Signature(OCTET)),
            "o": Out(stream.Signature(8)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.check = check = SerialCRC()

        # The octet to send, from the input or from the CRC.
        index = Signal(range(TRAILER))
        octet = Signal(8)
        present = Signal()

        # An octet that looks like a flag or an escape goes out as an escape and its flipped self.
        special = Signal()
        escaped = Signal()
        send = Signal()  # the octet is out
        m.d.comb += special.eq((octet == FLAG) | (octet == ESCAPE))
        m.d.comb += send.eq(present & self.o.ready & (escaped | ~special))
        with m.If(present):
            m.d.comb += self.o.valid.eq(1)
            m.d.comb += self.o.payload.eq(octet)
            with m.If(escaped):
                m.d.comb += self.o.payload.eq(octet ^ FLIP)
            with m.Elif(special):
                m.d.comb += self.o.payload.eq(ESCAPE)
            with m.If(self.o.ready):
                m.d.sync += escaped.eq(special & ~escaped)

        with m.FSM():
            with m.State("OPEN"):
                m.d.comb += check.start.eq(1)
                with m.If(self.i.valid):
                    m.d.comb += self.o.valid.eq(1)
                    m.d.comb += self.o.payload.eq(FLAG)
                    with m.If(self.o.ready):
                        m.next = "BODY"
            with m.State("BODY"):
                m.d.comb += octet.eq(self.i.p.data)
                m.d.comb += present.eq(self.i.valid & ~check.busy)
                m.d.comb += self.i.ready.eq(send)
                m.d.comb += check.octet.eq(octet)
                m.d.comb += check.valid.eq(send)
                with m.If(send & self.i.p.last):
                    m.next = "CRC"
            with m.State("CRC"):
                m.d.comb += octet.eq(check.crc[:8])
                m.d.comb += present.eq(~check.busy)
                m.d.comb += check.out.eq(send & (index != TRAILER - 1))
                with m.If(send):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == TRAILER - 1):
                        m.next = "CLOSE"
            with m.State("CLOSE"):
                m.d.comb += self.o.valid.eq(1)
                m.d.comb += self.o.payload.eq(FLAG)
                with m.If(self.o.ready):
                    m.next = "OPEN"

        return m
