"""Frames on the serial line: flags, escapes and CRC (sw/line/protocol.py), in both directions."""

from amaranth import *
from amaranth.lib import crc, data, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.protocol import ESCAPE, FLAG, FLIP, TRAILER


__all__ = ["OCTET", "RECEIVED", "Deframer", "Framer"]


RECEIVED = data.StructLayout({"data": 8, "error": 1})  # an octet from the line
OCTET = data.StructLayout({"data": 8, "last": 1})      # an octet of a frame, CRC excluded


class SerialCRC(wiring.Component):
    """CRC-32 of octets, computed one bit per cycle.

    One octet per cycle would take three times the logic.

    Members
    -------
    start : In(1)
        Begins a new CRC.
    valid : In(1)
        Adds ``octet``; only while not ``busy``.
    octet : In(8)
        Octet to add.
    out : In(1)
        Shifts the CRC down by one octet; only while not ``busy``. The lowest octet of ``crc`` is
        read in this cycle.
    busy : Out(1)
        High for the 8 cycles after ``valid`` or ``out``.
    crc : Out(32)
        CRC of all octets since ``start``, while not ``busy``.
    match : Out(1)
        The last four octets are the CRC of the octets before them.
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

        # The register holds the octet's bits, the lowest first, and a mark behind them. The octet
        # is complete when only the mark is left. To move the CRC down, the processor takes the bit
        # that leaves the CRC instead of the octet's bit, because equal bits make the feedback zero.
        shift = Signal(9)
        moving = Signal()
        busy = Signal()  # whether shift[1:] is not zero
        m.d.comb += self.busy.eq(busy)
        m.d.sync += busy.eq(self.valid | self.out | (shift[2:] != 0))
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
    """Turns octets of the line into octets of frames.

    Every flag on the line ends a frame and begins the next one. The octets between two flags come
    out at once, with escapes resolved, and with the frame's CRC behind them. The inbox stores
    them, and learns at the ``flag`` whether to use them. An octet of a frame takes 9 cycles,
    because the CRC takes one bit per cycle.

    Members
    -------
    i : In(stream.Signature(RECEIVED))
        Octets of the line; an ``error`` spoils the frame around it.
    valid : Out(1)
        ``octet`` is the frame's next octet; in the cycle in which ``i`` is taken.
    octet : Out(8)
        Octets of the frame, CRC included.
    flag : Out(1)
        A flag is taken.
    good : Out(1)
        With ``flag``: the octets since the last flag are a frame without damage. Their number is
        not checked.
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
        spoilt = Signal()   # an octet since the last flag had an error
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
    """Turns octets of frames into octets of the line: a flag, the octets, their CRC, a flag.

    An octet of a frame takes at least 10 cycles, because the CRC takes one bit per cycle.

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

        # The octet to send comes from the input, or from the CRC at this index. It is sent from the
        # second cycle on, when registers say that it is there and whether it is special.
        index = Signal(range(TRAILER))
        octet = Signal(8)
        there, present = Signal(), Signal()

        # An octet that equals a flag or an escape is replaced by an escape and the flipped octet.
        special = Signal()
        escaped = Signal()
        send = Signal()  # the line takes the last octet that stands for the octet to send
        m.d.sync += present.eq(there & ~send)
        m.d.sync += special.eq((octet == FLAG) | (octet == ESCAPE))
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
                m.d.comb += there.eq(self.i.valid & ~check.busy)
                m.d.comb += self.i.ready.eq(send)
                m.d.comb += check.octet.eq(octet)
                m.d.comb += check.valid.eq(send)
                with m.If(send & self.i.p.last):
                    m.next = "CRC"
            with m.State("CRC"):
                m.d.comb += octet.eq(check.crc[:8])
                m.d.comb += there.eq(~check.busy)
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
