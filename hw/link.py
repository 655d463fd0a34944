"""The serial protocol (docs/protocol.md) in hardware: requests in, answers out."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from sw.protocol import ANSWER, ErrorCode, Type

from .answer import ResultOctets, TextOctets
from .benchmark import Benchmark, rom_words
from .framing import OCTET, RECEIVED, Deframer, Framer
from .inbox import Inbox
from .stream import StreamBuffer
from .width import WidthConverter


__all__ = ["Link"]


class Link(wiring.Component):
    """Everything between the octets of the serial line and the accelerator.

    One request is answered at a time; what comes in meanwhile is dropped, as are damaged frames.
    The images of a request follow each other into the accelerator as its results leave, and the
    results wait until the line has taken their octets.

    Parameters
    ----------
    info : :class:`sw.protocol.Info`
        Answer to IDENTIFY. Shape and bits of images, octets of a score and limits are taken from
        it.
    rom : ndarray of uint8, shape (r, info.image_bytes)
        Images of the benchmark, packed as they travel.
    result : data.StructLayout
        Payload of the accelerator's output: ``label`` and ``scores``.
    input_width : int
        Bits of a word of the accelerator's input.
    rom_width : int
        Bits of a word of the image ROM, at most ``input_width``.
    depth : int
        Octets of the frame buffer.

    Members
    -------
    i : In(stream.Signature(RECEIVED))
        Octets from the line.
    o : Out(stream.Signature(8))
        Octets to the line.
    images : Out(stream.Signature(input_width))
        Images, to the accelerator.
    results : In(stream.Signature(result))
        Results, from the accelerator.
    busy : Out(1)
        A request is being answered.
    hindrance : In(3)
        An :class:`sw.protocol.ErrorCode` to answer instead of the accelerator, or 0.
    """

    def __init__(self, info, rom, *, result, input_width, rom_width, depth):
        if not 1 <= rom_width <= input_width:
            raise ValueError(f"Width of the image ROM must be in 1..{input_width}, the "
                             f"accelerator's: {rom_width}")
        self.info = info
        self.rom = rom
        self.result = result
        self.input_width = input_width
        self.rom_width = rom_width
        self.depth = depth
        super().__init__({
            "i": In(stream.Signature(RECEIVED)),
            "o": Out(stream.Signature(8)),
            "images": Out(stream.Signature(input_width)),
            "results": In(stream.Signature(result)),
            "busy": Out(1),
            "hindrance": In(Shape.cast(ErrorCode).width),
        })

    def elaborate(self, platform):
        m = Module()
        info = self.info
        bits = info.pixels * info.pixel_bits

        # Requests: octets of the line, frames, the one at hand.
        m.submodules.deframer = deframer = Deframer()
        m.submodules.inbox = inbox = Inbox(depth=self.depth, image_bytes=info.image_bytes)
        connect(m, flipped(self.i), deframer.i)
        for name in ("valid", "octet", "flag", "good"):
            m.d.comb += getattr(inbox, name).eq(getattr(deframer, name))
        request = inbox.request.p
        m.d.comb += self.busy.eq(inbox.request.valid)

        # What can be answered, and from where.
        m.submodules.text = text = TextOctets(info.encode())
        m.submodules.octets = octets = ResultOctets(self.result, score_bytes=info.score_bytes)
        m.submodules.benchmark = benchmark = Benchmark(
            rom_words(self.rom, bits=bits, rom_width=self.rom_width), images=len(self.rom),
            width=self.rom_width, classes=len(info.labels),
            count_bits=info.max_benchmark.bit_length())

        # Images: from the request or from the benchmark, in words of the ROM's width.
        m.submodules.widen = widen = WidthConverter(bits=bits, i_width=8, o_width=self.rom_width)
        m.submodules.beats = beats = WidthConverter(bits=bits, i_width=self.rom_width,
                                                    o_width=self.input_width)
        connect(m, beats.o, flipped(self.images))
        with m.If(benchmark.running):
            m.d.comb += beats.i.payload.eq(benchmark.words.payload)
            m.d.comb += beats.i.valid.eq(benchmark.words.valid)
            m.d.comb += benchmark.words.ready.eq(beats.i.ready)
        with m.Else():
            m.d.comb += beats.i.payload.eq(widen.o.payload)
            m.d.comb += beats.i.valid.eq(widen.o.valid)
            m.d.comb += widen.o.ready.eq(beats.i.ready)

        # Results: to the answer or to the benchmark.
        m.d.comb += octets.i.payload.eq(self.results.payload)
        m.d.comb += octets.i.valid.eq(self.results.valid & ~benchmark.running)
        m.d.comb += self.results.ready.eq(octets.i.ready | benchmark.running)
        m.d.comb += benchmark.accepted.eq(self.images.valid & self.images.ready)
        m.d.comb += benchmark.labelled.eq(self.results.valid & benchmark.running)
        m.d.comb += benchmark.label.eq(self.results.p.label)

        # The answer: type, sequence number, payload.
        # A register before the framer: its ready depends on the octet, and all else on its ready.
        m.submodules.framer = framer = Framer()
        m.submodules.output = output = StreamBuffer(OCTET)
        connect(m, output.o, framer.i)
        connect(m, framer.o, flipped(self.o))
        answer = Signal(OCTET)
        valid = Signal()
        sent = Signal()
        m.d.comb += output.i.payload.eq(answer)
        m.d.comb += output.i.valid.eq(valid)
        m.d.comb += sent.eq(valid & output.i.ready)

        code = Signal(ErrorCode, init=ErrorCode.UNKNOWN_TYPE)
        error = Signal()
        left = Signal.like(request.images)  # images without an answer

        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += error.eq(1)
                m.d.sync += left.eq(request.images)
                with m.If(inbox.request.valid):
                    m.next = "TYPE"
                    with m.Switch(request.type):
                        with m.Case(Type.IDENTIFY):
                            m.d.sync += code.eq(ErrorCode.WRONG_LENGTH)
                            m.d.sync += error.eq(~request.empty)
                        with m.Case(Type.CLASSIFY):
                            m.d.sync += code.eq(ErrorCode.WRONG_LENGTH)
                            m.d.sync += error.eq(request.rest | (request.images == 0))
                        with m.Case(Type.BENCHMARK):
                            m.d.sync += code.eq(ErrorCode.WRONG_LENGTH)
                            m.d.sync += error.eq(~request.word)
                            with m.If(request.word):
                                m.next = "BENCHMARK"
                        with m.Default():
                            m.d.sync += code.eq(ErrorCode.UNKNOWN_TYPE)
                    with m.If((self.hindrance != 0) & request.type.matches(Type.CLASSIFY,
                                                                           Type.BENCHMARK)):
                        m.d.sync += code.eq(self.hindrance)
                        m.d.sync += error.eq(1)
                        m.next = "TYPE"
            with m.State("BENCHMARK"):
                m.d.comb += benchmark.i.payload.eq(inbox.payload.payload)
                m.d.comb += benchmark.i.valid.eq(inbox.payload.valid)
                m.d.comb += inbox.payload.ready.eq(benchmark.i.ready)
                with m.If(benchmark.refused):
                    m.d.sync += code.eq(ErrorCode.WRONG_COUNT)
                    m.d.sync += error.eq(1)
                with m.If(benchmark.refused | benchmark.report.valid):
                    m.next = "TYPE"
            with m.State("TYPE"):
                m.d.comb += valid.eq(1)
                m.d.comb += answer.data.eq(Mux(error, Type.ERROR, request.type | ANSWER))
                with m.If(sent):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += valid.eq(1)
                m.d.comb += answer.data.eq(request.sequence)
                with m.If(sent):
                    m.next = "PAYLOAD"
            with m.State("PAYLOAD"):
                with m.If(error):
                    m.d.comb += answer.data.eq(code)
                    m.d.comb += answer.last.eq(1)
                    m.d.comb += valid.eq(1)
                with m.Elif(request.type == Type.IDENTIFY):
                    self._forward(m, text.o, answer, valid, output)
                with m.Elif(request.type == Type.BENCHMARK):
                    self._forward(m, benchmark.report, answer, valid, output)
                with m.Else():
                    m.d.comb += widen.i.payload.eq(inbox.payload.payload)
                    m.d.comb += widen.i.valid.eq(inbox.payload.valid)
                    m.d.comb += inbox.payload.ready.eq(widen.i.ready)
                    self._forward(m, octets.o, answer, valid, output)
                    m.d.comb += answer.last.eq(octets.o.p.last & (left == 1))
                    with m.If(sent & octets.o.p.last):
                        m.d.sync += left.eq(left - 1)
                with m.If(sent & answer.last):
                    m.d.comb += inbox.request.ready.eq(1)
                    m.next = "IDLE"

        return m

    @staticmethod
    def _forward(m, octets, answer, valid, output):
        m.d.comb += answer.eq(octets.payload)
        m.d.comb += valid.eq(octets.valid)
        m.d.comb += octets.ready.eq(output.i.ready)
