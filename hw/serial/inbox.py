"""The buffer of the request at hand: a frame is stored as it comes in, and used if it is whole."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from sw.line.protocol import HEADER, TRAILER


__all__ = ["Inbox"]


class Inbox(wiring.Component):
    """A buffer for one frame, which counts the images in the frame's payload.

    Octets between two flags are stored. If the second flag says that these octets are a frame,
    ``request`` becomes valid, and ``payload`` offers the frame's payload, one octet every 5 cycles.
    All octets that come in until ``request`` is taken are dropped, and so are the octets from then
    to the next flag, because they are the rest of a frame. Frames that are longer than the buffer
    or shorter than a header and a CRC are dropped.

    Parameters
    ----------
    depth : int
        Octets of the buffer, a power of 2. Four octets are for the CRC, the others for the payload.
    image_bytes : int
        Octets of an image.

    Members
    -------
    valid, octet, flag, good : In
        Outputs of :class:`.framing.Deframer`.
    request : Out(stream.Signature(...))
        ``type`` and ``sequence`` of the frame; ``images``, the number of whole images in the
        payload; ``rest``, whether the payload has octets beyond whole images; ``empty`` and
        ``word``, whether ``payload`` has no octets left, or four.
    payload : Out(stream.Signature(8))
        Octets of the payload, while ``request`` is valid.
    """

    def __init__(self, *, depth, image_bytes):
        if depth < 16 or depth & depth - 1:
            raise ValueError(f"Depth of the frame buffer must be a power of 2 from 16: {depth}")
        self.depth = depth
        self.image_bytes = image_bytes
        self.max_images = (depth - TRAILER) // image_bytes
        if not self.max_images:
            raise ValueError(f"Frame buffer must hold an image: {depth - TRAILER} octets, not "
                             f"{image_bytes}")
        request = data.StructLayout({
            "type": 8, "sequence": 8, "images": range(self.max_images + 1), "rest": 1,
            "empty": 1, "word": 1,
        })
        super().__init__({
            "valid": In(1), "octet": In(8), "flag": In(1), "good": In(1),
            "request": Out(stream.Signature(request)),
            "payload": Out(stream.Signature(8)),
        })

    def elaborate(self, platform):
        m = Module()
        request = self.request.p

        m.submodules.buffer = buffer = memory.Memory(shape=8, depth=self.depth, init=[])
        write = buffer.write_port()
        read = buffer.read_port()

        # Address of the next octet: negative in the header, and depth if the buffer is full.
        position = Signal(signed(self.depth.bit_length() + 1), init=-HEADER)
        in_header = position < 0
        full = Signal()
        whole = Signal()  # the octets since the flag are enough for a header and a CRC
        listening = Signal()  # octets are stored, not dropped
        m.d.comb += full.eq(~in_header & position[self.depth.bit_length() - 1])
        m.d.comb += write.addr.eq(position)
        m.d.comb += write.data.eq(self.octet)
        m.d.comb += write.en.eq(listening & self.valid & ~in_header & ~full)

        # Images are counted as octets come in. Octets of header and CRC are counted like payload.
        # Therefore the counters start as many octets below zero: ``-ahead`` images and an offset.
        around = HEADER + TRAILER
        ahead = -(-around // self.image_bytes)
        offset = Signal(range(self.image_bytes), init=ahead * self.image_bytes - around)
        m.d.comb += request.rest.eq(offset != 0)
        m.d.comb += request.empty.eq(position == TRAILER)
        m.d.comb += request.word.eq(position == TRAILER + 4)

        # The position counts up as octets come in, and down as octets of the payload go out. It
        # counts down one cycle late, because the payload's ready comes late in the cycle.
        given = Signal()
        with m.If(given | listening & self.valid):
            m.d.sync += position.eq(position + Cat(1, given.replicate(len(position) - 1)))
        with m.If(listening & self.valid):
            m.d.sync += offset.eq(offset + 1)
            with m.If(offset == self.image_bytes - 1):
                m.d.sync += offset.eq(0)
                m.d.sync += request.images.eq(request.images + 1)
            with m.If(in_header):
                m.d.sync += request.sequence.eq(self.octet)
                m.d.sync += request.type.eq(request.sequence)
            with m.If(position == TRAILER - 1):
                m.d.sync += whole.eq(1)
            with m.If(full):
                m.d.sync += listening.eq(0)

        with m.If(self.request.ready):
            m.d.sync += self.request.valid.eq(0)
        with m.If(self.flag & ~self.request.valid):
            with m.If(listening & self.good & whole):
                m.d.sync += self.request.valid.eq(1)
                m.d.sync += listening.eq(0)
            with m.Else():
                m.d.sync += [listening.eq(1), whole.eq(0)]
                m.d.sync += position.eq(position.init)
                m.d.sync += offset.eq(offset.init)
                m.d.sync += request.images.eq(-ahead)

        self._offer_payload(m, read, given)
        return m

    def _offer_payload(self, m, read, given):
        """Offer the payload's octets one by one; set ``given`` in the cycle behind each."""
        # An address is set in one cycle, its octet is read in the next, and registered in the one
        # after it because block RAM is slow; then the octet is offered.
        index = Signal(range(self.depth))
        octet = Signal(8, reset_less=True)
        fetched = Signal(2)
        m.d.comb += read.addr.eq(index)
        m.d.sync += given.eq(self.payload.valid & self.payload.ready)
        m.d.sync += octet.eq(read.data)
        m.d.sync += fetched.eq(Cat(~given & ~self.payload.valid & ~self.request.p.empty,
                                   fetched[0] & ~given))
        with m.If(~self.payload.valid):
            m.d.sync += self.payload.payload.eq(octet)
        m.d.sync += self.payload.valid.eq(Mux(self.payload.valid, ~self.payload.ready,
                                              fetched[1] & ~given))
        with m.If(given):
            m.d.sync += index.eq(index + 1)
        with m.If(~self.request.valid | self.request.ready):
            m.d.sync += index.eq(0)
            m.d.sync += [self.payload.valid.eq(0), fetched.eq(0), given.eq(0)]
