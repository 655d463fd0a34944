# amaranth: UnusedElaboratable=no
"""The board's end of the serial protocol where weights are loaded over the line, too."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from sw.line.load import LoadStatus
from sw.line.protocol import ErrorCode, Type

from ..stream.credit import Relay
from .answer import TextOctets
from .framing import OCTET
from .link import Link
from .loader import WeightLoader


__all__ = ["LoadedText", "LoadingLink"]

IDENTITY = range(1, 33)  # octets of the network's identity in the answer to IDENTIFY
PLACE_OCTETS = 4         # of an offset, and of a position
PLACE_BITS = 8 * PLACE_OCTETS
ANSWER_OCTETS = 1 + PLACE_OCTETS


class LoadedText(wiring.Component):
    """Sends a text again and again, one octet every 3 cycles; another text may take its place.

    The memory has two halves. A new text is written into the half that is not sent, and is sent
    from ``swap`` on. An octet that is offered follows the memory until it is taken, so that it is
    never one of the text before. The relay behind holds the first octet, which all texts share.

    Parameters
    ----------
    text : bytes
        The first text.
    depth : int
        Most octets of a text, a power of 2.

    Members
    -------
    o : Out(stream.Signature(OCTET))
        The text; ``last`` with its last octet.
    hidden : In(1)
        The identity in the text is sent as zeros.
    valid, octet, index : In(1), In(8), In(16)
        An octet of the new text, and its place.
    swap, octets : In(1), In(16)
        The new text is whole: so many octets.
    """

    def __init__(self, text, *, depth):
        if not 1 <= len(text) <= depth:
            raise ValueError(f"Octets of a text must be in 1..{depth}: {len(text)}")
        self.text = bytes(text)
        self.depth = depth
        super().__init__({
            "o": Out(stream.Signature(OCTET)), "hidden": In(1),
            "valid": In(1), "octet": In(8), "index": In(16),
            "swap": In(1), "octets": In(16),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = store = memory.Memory(shape=8, depth=2 * self.depth, init=self.text,
                                                    attrs={"ram_style": "block"})
        write, read = store.write_port(), store.read_port()
        half, index = Signal(), Signal(range(self.depth))
        length = Signal(range(self.depth + 1), init=len(self.text))
        bits = len(index)
        m.d.comb += [write.addr.eq(Cat(self.index[:bits], ~half)), write.data.eq(self.octet),
                     write.en.eq(self.valid)]
        with m.If(self.swap):
            m.d.sync += [half.eq(~half), length.eq(self.octets)]

        octet, fetched, mask = Signal(8, reset_less=True), Signal(), Signal()
        m.d.comb += mask.eq(self.hidden & (index >= IDENTITY.start) & (index < IDENTITY.stop))
        m.d.comb += read.addr.eq(Cat(index, half))
        m.d.comb += self.o.p.data.eq(octet)
        m.d.comb += self.o.p.last.eq(index == length - 1)
        m.d.sync += [octet.eq(Mux(mask, 0, read.data)), fetched.eq(1), self.o.valid.eq(fetched)]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += index.eq(Mux(self.o.p.last, 0, index + 1))
            m.d.sync += [fetched.eq(0), self.o.valid.eq(0)]
        return m


class LoadingLink(Link):
    """A :class:`hw.serial.link.Link` that also answers DESCRIBE and LOAD.

    The payload of LOAD is an offset and octets of a load from there. Octets at offset 0 begin a
    load. Octets at the position that the load has reached are taken; the octets of the request
    before, which come again, are dropped and answered; others are answered with ORDER. While the
    weights are not whole, requests for work are answered with NO_WEIGHTS, and the identity is
    zeros.

    Parameters
    ----------
    info, rom, **options
        As of a Link.
    shape : :class:`sw.line.load.LoadShape`
        What can be loaded.
    words : int
        Words of weights of a load.

    Members
    -------
    weights : Out(stream.Signature(16))
        Words of weights, to the accelerator.
    """

    def __init__(self, info, rom, *, shape, words, **options):
        self.shape = shape
        self.loader = WeightLoader(key=shape.key, words=words, text=shape.text, preset=True)
        super().__init__(info, rom, **options)

    def _more_members(self):
        return {"weights": Out(stream.Signature(16))}

    def _identify(self, m):
        loader = self.loader
        m.submodules.loader = loader
        connect(m, loader.weights, flipped(self.weights))
        text = LoadedText(self.info.encode(), depth=self.shape.text)
        was_whole = Signal(init=1)
        m.d.sync += was_whole.eq(loader.whole)
        m.d.comb += [text.hidden.eq(~loader.whole), text.valid.eq(loader.text_valid),
                     text.octet.eq(loader.text), text.index.eq(loader.text_index),
                     text.octets.eq(loader.text_octets), text.swap.eq(loader.whole & ~was_whole)]
        # Octets of the two answers, and what is known of the request.
        m.submodules.description = description = TextOctets(self.shape.encode())
        m.submodules.described = self.described = described = Relay(OCTET)
        connect(m, description.o, described.i)
        self.load, self.describe = Signal(name="load"), Signal(name="describe")
        self.offset, self.position = Signal(PLACE_BITS), Signal(PLACE_BITS)
        self.place, self.order, self.repeated = Signal(range(ANSWER_OCTETS)), Signal(), Signal()
        self.before, self.begun = Signal(PLACE_BITS), Signal()
        return text

    def _read_request(self, m, inbox):
        request = super()._read_request(m, inbox)
        kind = inbox.request.p.type
        m.d.sync += [self.load.eq(kind == Type.LOAD), self.describe.eq(kind == Type.DESCRIBE)]
        return request

    def _check(self, m, request):
        super()._check(m, request)
        with m.If((request.classify | request.measure) & ~self.loader.whole):
            m.d.sync += [request.code.eq(ErrorCode.NO_WEIGHTS), request.error.eq(1)]
            m.next = "TYPE"
        with m.If(self.load | self.describe):
            m.d.sync += request.code.eq(ErrorCode.WRONG_LENGTH)
            m.d.sync += request.error.eq(Mux(self.load, request.empty, ~request.empty))
        with m.If(self.load & ~request.empty):
            m.d.sync += self.place.eq(0)
            m.next = "OFFSET"

    def _answer_more(self, m, answer):
        with m.Elif(self.describe):
            answer.forward(m, self.described.o)
        with m.Elif(self.load):
            loader = self.loader
            status = Signal(8)
            m.d.comb += status.eq(Mux(loader.whole, LoadStatus.WHOLE.value, 0)
                                  | Mux(loader.active, LoadStatus.ACTIVE.value, 0)
                                  | Mux(loader.refused, LoadStatus.REFUSED.value, 0)
                                  | Mux(self.order, LoadStatus.ORDER.value, 0))
            m.d.comb += answer.valid.eq(1)
            m.d.comb += answer.octet.data.eq(
                Cat(status, self.position).word_select(self.place, 8))
            m.d.comb += answer.octet.last.eq(self.place == ANSWER_OCTETS - 1)
            with m.If(answer.sent):
                m.d.sync += self.place.eq(Mux(answer.octet.last, 0, self.place + 1))

    def _serve_more(self, m, inbox, request):
        octets, loader = inbox.payload, self.loader
        empty = inbox.request.p.empty
        with m.State("OFFSET"):
            m.d.comb += octets.ready.eq(1)
            with m.If(octets.valid):
                m.d.sync += self.offset.eq(Cat(self.offset, octets.payload)[8:])
                m.d.sync += self.place.eq(self.place + 1)
                with m.If(self.place == PLACE_OCTETS - 1):
                    m.next = "PLACE"
            with m.Elif(empty):  # shorter than an offset
                m.d.sync += [request.error.eq(1), self.place.eq(0)]
                m.next = "TYPE"
        with m.State("PLACE"):
            m.d.sync += self.place.eq(0)
            first, next_, again = Signal(), Signal(), Signal()
            m.d.comb += first.eq(self.offset == 0)
            m.d.comb += next_.eq(self.begun & (self.offset == self.position))
            m.d.comb += again.eq(self.begun & (self.offset == self.before))
            m.d.sync += [self.order.eq(~(first | next_ | again)), self.repeated.eq(1)]
            with m.If(first):
                m.d.comb += loader.begin.eq(1)
                m.d.sync += [self.begun.eq(1), self.position.eq(0), self.before.eq(0)]
            with m.Elif(next_):
                m.d.sync += self.before.eq(self.offset)
            with m.If(first | next_):
                m.d.sync += self.repeated.eq(0)
            m.next = "LOAD"
        with m.State("LOAD"):
            # Octets that are not wanted are dropped; so are those behind a load that has ended.
            wanted, takes = Signal(), Signal()
            m.d.comb += wanted.eq(~self.repeated & ~self.order)
            m.d.comb += loader.octets.payload.eq(octets.payload)
            m.d.comb += loader.octets.valid.eq(octets.valid & wanted)
            m.d.comb += octets.ready.eq(~wanted | ~loader.filling)
            m.d.comb += takes.eq(octets.valid & octets.ready & wanted)
            m.d.sync += self.position.eq(self.position + takes)
            # The status of a load without an octet is what it is once the words are made up.
            with m.If(empty & ~octets.valid & ~loader.filling):
                m.next = "TYPE"
