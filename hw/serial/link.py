# amaranth: UnusedElaboratable=no
"""The board's end of the serial protocol (docs/protocol.md): takes requests, sends answers."""

from dataclasses import dataclass

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from sw.line.protocol import ANSWER, ErrorCode, Type

from ..stream.credit import Relay
from .answer import Answer, ResultOctets, TextOctets
from .benchmark import Benchmark
from .framing import OCTET, RECEIVED, Deframer, Framer
from .imageregister import ImageRegister
from .inbox import Inbox
from .wordfeed import WordFeed


__all__ = ["Link", "takes_whole_images"]


def takes_whole_images(info, input_width, rom_width):
    """Return whether an accelerator takes an image per cycle, and the ROM gives one per cycle."""
    return info.interval == 1 and input_width == rom_width == info.pixels * info.pixel_bits


@dataclass(frozen=True)
class Request:
    """Registers of the request at hand.

    Attributes
    ----------
    identify, classify, measure : Signal
        Whether the request has this type.
    empty, word, rest : Signal
        Whether the payload has no octets, four octets, or octets beyond whole images.
    left : Signal
        Images without an answer.
    code : Signal
        The :class:`sw.line.protocol.ErrorCode` to answer.
    error : Signal
        Whether the answer is an error.
    """

    identify: Signal
    classify: Signal
    measure: Signal
    empty: Signal
    word: Signal
    rest: Signal
    left: Signal
    code: Signal
    error: Signal


class Link(wiring.Component):
    """Answers the requests of the serial line with the help of the accelerator.

    One request is answered at a time. Octets that come in meanwhile are dropped, and so are damaged
    frames. The images of a request go into the accelerator while results of earlier images leave.
    A result waits until the line has taken its octets.

    Parameters
    ----------
    info : :class:`sw.line.protocol.Info`
        Answer to IDENTIFY. It also gives the size of an image, the octets of a score, the labels
        and the longest run.
    rom : ndarray of uint8, shape (r, info.image_bytes)
        Images of the benchmark, packed as on the line.
    result : data.StructLayout
        Payload of the accelerator's output: ``label`` and ``scores``.
    input_width : int
        Bits of a word of the accelerator's input.
    rom_width : int
        Bits of a word of the image ROM, at most ``input_width``.
    used : sequence of bool
        Which bits of an image the accelerator reads.
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
        The :class:`sw.line.protocol.ErrorCode` that answers requests for work, or 0 if the
        accelerator is ready for work.
    """

    def __init__(self, info, rom, *, result, input_width, rom_width, used, depth):
        bits = info.pixels * info.pixel_bits
        images = [int.from_bytes(image.tobytes(), "little") for image in rom]
        if takes_whole_images(info, input_width, rom_width):
            self.feed = ImageRegister(bits=bits, used=used, rom=images)
        else:
            self.feed = WordFeed(bits=bits, rom=images, rom_width=rom_width, width=input_width)
        self.info = info
        self.rom = rom
        self.result = result
        self.input_width = input_width
        self.rom_width = rom_width
        self.used = used
        self.depth = depth
        super().__init__({
            "i": In(stream.Signature(RECEIVED)),
            "o": Out(stream.Signature(8)),
            "images": Out(stream.Signature(input_width)),
            "results": In(stream.Signature(result)),
            "busy": Out(1),
            "hindrance": In(Shape.cast(ErrorCode).width),
            **self._more_members(),
        })

    def elaborate(self, platform):
        m = Module()
        inbox = self._receive(m)

        # Payloads of answers: a text, results of images, the report of a run.
        # Relays register them, because their logic is deep or far from the line.
        m.submodules.text = text = self._identify(m)
        m.submodules.words = words = Relay(OCTET)
        connect(m, text.o, words.i)
        m.submodules.octets = octets = ResultOctets(self.result, score_bytes=self.info.score_bytes)
        m.submodules.result = result = Relay(OCTET)
        connect(m, octets.o, result.i)
        m.submodules.benchmark = benchmark = Benchmark(
            classes=len(self.info.labels), counter_width=self.info.max_benchmark.bit_length())
        self._give_images(m, benchmark)
        self._take_results(m, octets, benchmark)
        m.submodules.report = report = Relay(OCTET)
        connect(m, benchmark.report, report.i)
        answer = self._send(m)

        # A request is checked. A benchmark runs before its answer, because it may be refused.
        # Images are classified while their answer goes out.
        m.d.comb += self.feed.i.payload.eq(inbox.payload.payload)
        m.d.comb += benchmark.i.payload.eq(inbox.payload.payload)
        request = self._read_request(m, inbox)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += request.left.eq(inbox.request.p.images)
                with m.If(inbox.request.valid):
                    m.next = "CHECK"
            with m.State("CHECK"):
                self._check(m, request)
            with m.State("BENCHMARK"):
                self._measure(m, inbox, request, benchmark, report)
            with m.State("TYPE"):
                m.d.comb += answer.valid.eq(1)
                m.d.comb += answer.octet.data.eq(Mux(request.error, Type.ERROR,
                                                     inbox.request.p.type | ANSWER))
                with m.If(answer.sent):
                    m.next = "SEQUENCE"
            with m.State("SEQUENCE"):
                m.d.comb += answer.valid.eq(1)
                m.d.comb += answer.octet.data.eq(inbox.request.p.sequence)
                with m.If(answer.sent):
                    m.next = "PAYLOAD"
            with m.State("PAYLOAD"):
                with m.If(request.error):
                    answer.fail(m, request.code)
                with m.Elif(request.identify):
                    answer.forward(m, words.o)
                with m.Elif(request.measure):
                    answer.forward(m, report.o)
                self._answer_more(m, answer)
                with m.Else():
                    self._classify(m, inbox, request, result, answer)
                with m.If(answer.sent & answer.octet.last):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += inbox.request.ready.eq(1)
                m.next = "IDLE"
            self._serve_more(m, inbox, request)
        return m

    def _more_members(self):
        """Return further members of the signature, a dict: none here."""
        return {}

    def _identify(self, m):
        """Return the component that sends the answer to IDENTIFY."""
        return TextOctets(self.info.encode())

    def _answer_more(self, m, answer):
        """Add payloads of further requests to the chain of m.If: none here."""

    def _serve_more(self, m, inbox, request):
        """Add states of further requests: none here."""

    def _receive(self, m):
        """Turn octets of the line into requests; return the inbox with the request at hand."""
        m.submodules.deframer = deframer = Deframer()
        m.submodules.inbox = inbox = Inbox(depth=self.depth, image_bytes=self.info.image_bytes)
        connect(m, flipped(self.i), deframer.i)
        # A register lies between the two parts, because the logic of both is deep.
        for name in ("valid", "octet", "flag", "good"):
            m.d.sync += getattr(inbox, name).eq(getattr(deframer, name))
        m.d.comb += self.busy.eq(inbox.request.valid)
        return inbox

    def _give_images(self, m, benchmark):
        """Send images to the accelerator, from a request or from the benchmark's ROM."""
        m.submodules.feed = feed = self.feed
        connect(m, feed.o, flipped(self.images))
        for name in ("begin", "running", "more"):
            m.d.comb += getattr(feed, name).eq(getattr(benchmark, name))
        m.d.comb += benchmark.given.eq(feed.given)

    def _take_results(self, m, octets, benchmark):
        """Pass each result to the benchmark in a run, and to the answer otherwise."""
        m.d.comb += octets.i.payload.eq(self.results.payload)
        # A register says which results are the benchmark's, because their queues are far away. None
        # comes in the first cycle of a run, nor in the one behind it.
        taking = Signal()
        m.d.sync += taking.eq(benchmark.running)
        m.d.comb += octets.i.valid.eq(self.results.valid & ~taking)
        m.d.comb += self.results.ready.eq(octets.i.ready | taking)
        m.d.comb += benchmark.accepted.eq(self.images.valid & self.images.ready)
        m.d.comb += benchmark.labelled.eq(self.results.valid & benchmark.running)
        m.d.comb += benchmark.label.eq(self.results.p.label)

    def _send(self, m):
        """Frame the octets of an answer for the line; return the way in, an :class:`Answer`."""
        m.submodules.framer = framer = Framer()
        # A relay stands in front of the framer, because its ready comes at the end of deep logic.
        m.submodules.output = output = Relay(OCTET)
        connect(m, output.o, framer.i)
        connect(m, framer.o, flipped(self.o))
        answer = Signal(OCTET)
        valid = Signal()
        sent = Signal()
        m.d.comb += output.i.payload.eq(answer)
        m.d.comb += output.i.valid.eq(valid)
        m.d.comb += sent.eq(valid & output.i.ready)
        return Answer(answer, valid, sent, output.i.ready)

    def _read_request(self, m, inbox):
        """Register what is asked for, because the logic that depends on it is far away."""
        request = inbox.request.p
        code = Signal(ErrorCode, init=ErrorCode.UNKNOWN_TYPE)
        error = Signal()
        left = Signal.like(request.images)
        identify, classify, measure = Signal(), Signal(), Signal()
        m.d.sync += identify.eq(request.type == Type.IDENTIFY)
        m.d.sync += classify.eq(request.type == Type.CLASSIFY)
        m.d.sync += measure.eq(request.type == Type.BENCHMARK)
        empty, word, rest = Signal(), Signal(), Signal()
        m.d.sync += [empty.eq(request.empty), word.eq(request.word), rest.eq(request.rest)]
        return Request(identify=identify, classify=classify, measure=measure, empty=empty,
                       word=word, rest=rest, left=left, code=code, error=error)

    def _check(self, m, request):
        """Decide whether the request is answered with an error, and choose the error."""
        r = request
        m.d.sync += r.code.eq(Mux(r.identify | r.classify | r.measure, ErrorCode.WRONG_LENGTH,
                                  ErrorCode.UNKNOWN_TYPE))
        m.d.sync += r.error.eq(~((r.identify & r.empty) | (r.measure & r.word)
                                 | (r.classify & ~r.rest & (r.left != 0))))
        m.next = "TYPE"
        with m.If((r.classify | r.measure) & (self.hindrance != 0)):
            m.d.sync += r.code.eq(self.hindrance)
            m.d.sync += r.error.eq(1)
        with m.Elif(r.measure & r.word):
            m.next = "BENCHMARK"

    @staticmethod
    def _measure(m, inbox, request, benchmark, report):
        """Give the benchmark its number of images, and wait for its report or its refusal."""
        m.d.comb += benchmark.i.valid.eq(inbox.payload.valid)
        m.d.comb += inbox.payload.ready.eq(benchmark.i.ready)
        with m.If(benchmark.refused):
            m.d.sync += request.code.eq(ErrorCode.WRONG_COUNT)
            m.d.sync += request.error.eq(1)
        with m.If(benchmark.refused | report.o.valid):
            m.next = "TYPE"

    def _classify(self, m, inbox, request, result, answer):
        """Give the request's images to the accelerator, and answer with their results."""
        m.d.comb += self.feed.i.valid.eq(inbox.payload.valid)
        m.d.comb += inbox.payload.ready.eq(self.feed.i.ready)
        answer.forward(m, result.o)
        m.d.comb += answer.octet.last.eq(result.o.p.last & (request.left == 1))
        with m.If(answer.sent & result.o.p.last):
            m.d.sync += request.left.eq(request.left - 1)
