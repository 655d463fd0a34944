"""Proof of the frame buffer: a request is kept whole, or not at all."""

from amaranth import Elaboratable, Module, Signal
from amaranth.asserts import AnyConst, AnySeq
from amaranth.hdl import Assert

from hw.serial.inbox import Inbox
from sw.line.protocol import HEADER, TRAILER

from .contract import Consumer, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

DEPTH, IMAGE_BYTES = 16, 5
SHORTEST, LONGEST = HEADER + TRAILER, HEADER + DEPTH  # octets of a frame that is kept
OCTET_CYCLES = 5  # of a payload's


class Kept(Elaboratable):
    """The buffer against what a frame is, for any octets and flags, a cycle or more apart."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = Inbox(depth=DEPTH, image_bytes=IMAGE_BYTES)
        comes = Signal(2)
        m.d.comb += [comes.eq(AnySeq(2)), dut.valid.eq(comes == 1), dut.flag.eq(comes == 2),
                     dut.octet.eq(AnySeq(8)), dut.good.eq(AnySeq(1)),
                     dut.request.ready.eq(AnySeq(1))]
        consumer = Consumer(m, dut.payload, "payload", dropped=dut.request.ready)

        # A frame: octets since the last flag, from the first flag on that no request was there.
        begun, kept = Signal(), Signal()
        octets, length = Signal(range(LONGEST + 2)), Signal(range(DEPTH))
        type_, sequence = Signal(8), Signal(8)
        m.d.comb += length.eq(octets - SHORTEST)
        with m.If(dut.valid & begun & (octets <= LONGEST)):
            m.d.sync += octets.eq(octets + 1)
            with m.If(octets == 0):
                m.d.sync += type_.eq(dut.octet)
            with m.If(octets == 1):
                m.d.sync += sequence.eq(dut.octet)
        with m.If(kept):
            m.d.sync += kept.eq(~dut.request.ready)
        with m.Elif(dut.flag):
            m.d.sync += [begun.eq(1), octets.eq(0)]
            with m.If(begun & dut.good & (octets >= SHORTEST) & (octets <= LONGEST)):
                m.d.sync += [kept.eq(1), begun.eq(0), octets.eq(octets)]

        # Octets of the payload that are out; who looks at the request learns it a cycle later.
        out, seen = Signal.like(length), Signal.like(length)
        m.d.sync += seen.eq(out)
        with m.If(consumer.taken):
            m.d.sync += out.eq(out + 1)
        with m.If(~kept | dut.request.ready):
            m.d.sync += [out.eq(0), seen.eq(0)]

        request = dut.request.p
        m.d.comb += Assert(dut.request.valid == kept, "a frame is lost, doubled or made up")
        m.d.comb += Assert(~kept | ((request.type == type_) & (request.sequence == sequence)),
                           "type or sequence number is not the frame's")
        m.d.comb += Assert(~kept | ((request.images == length // IMAGE_BYTES)
                                    & (request.rest == (length % IMAGE_BYTES != 0))),
                           "images are not counted right")
        m.d.comb += Assert(~kept | ((request.empty == (seen == length))
                                    & (request.word == (length - seen == 4))),
                           "octets left are not counted right")
        m.d.comb += Assert(~consumer.taken | (kept & (out != length)),
                           "an octet comes out that is not of the payload")
        at_most(m, OCTET_CYCLES - 1, kept & (out != length) & ~dut.payload.valid,
                dut.payload.valid | ~kept, "an octet of the payload does not come out")

        # An octet of the payload, chosen by its place.
        place, octet = Signal.like(length), Signal(8)
        m.d.comb += place.eq(AnyConst(len(place)))
        with m.If(dut.valid & begun & (octets == place + HEADER)):
            m.d.sync += octet.eq(dut.octet)
        m.d.comb += Assert(~dut.payload.valid | (out != place) | (dut.payload.payload == octet),
                           "an octet of the payload is not what it was")
        return m


PROOFS = [
    Proof("inbox", "A frame is kept exactly if a flag ends it as good, its length fits and no "
          "other was kept when it began; its type, number, images and payload are those that came "
          "in, each octet in its place, once, held until taken and in bounded time",
          f"{DEPTH} octets, images of {IMAGE_BYTES}", Kept,
          Fault("hw.serial.inbox.Inbox.elaborate", "position == TRAILER - 1",
                "position == TRAILER"),
          ("Inbox",)),
]
