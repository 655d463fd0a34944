"""Proofs of the link that loads weights: all or nothing, and no answer from half of them."""

from types import SimpleNamespace
from unittest.mock import patch

from amaranth import Cat, Const, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert, Assume

from hw.serial.answer import TextOctets
from hw.serial.loader import WeightLoader
from hw.serial.loadinglink import LoadedText, LoadingLink
from hw.stream.credit import Relay
from sw.line.protocol import ErrorCode, Type

from .harness import Fault, Proof
from .hollow import Hollow, joined, keep, taken
from .of_link import PARAMETERS, Answers, Paths


__all__ = ["PROOFS"]

SHAPE = SimpleNamespace(key=bytes(8), text=64, encode=lambda: b"shape")
PLACE = 2           # octets of an offset, and of a position: half as many as they are
ANSWER = 1 + PLACE  # octets of an answer to LOAD


class HollowLoading(Hollow):
    """The link that loads weights, with the ports of its parts alone.

    A loader is trusted with what its own proof says: it fills up behind the begin of a load, then
    takes an octet a cycle until it refuses one or judges, and weights cease to be whole only behind
    an octet that it took. No octet of a request comes when none is left.
    """

    PARTS = *Hollow.PARTS, WeightLoader, LoadedText

    def elaborate(self, platform):
        with patch.multiple("hw.serial.loadinglink", PLACE_OCTETS=PLACE, PLACE_BITS=8 * PLACE,
                            ANSWER_OCTETS=ANSWER):
            return super().elaborate(platform)

    def _make(self):
        return super()._make(LoadingLink, shape=SHAPE, words=3)

    def _name(self, parts):
        self.described = next(part for part in parts if isinstance(part, Relay))
        super()._name([part for part in parts if part is not self.described])
        self.description, self.loader, self.text = (
            next(part for part in parts if isinstance(part, kind))
            for kind in (TextOctets, WeightLoader, LoadedText))

    def _trust(self, m):
        super()._trust(m)
        keep(m, self.described.o, "description")
        request, payload = self.inbox.request, self.inbox.payload
        left = Signal(name="none_left")
        m.d.sync += left.eq(request.valid & ~request.ready & request.p.empty)
        m.d.comb += Assume(~(request.valid & request.p.empty) | ~payload.valid)
        m.d.comb += Assume(~left | request.p.empty)

        loader, choice = self.loader, Signal(2, name="loader_choice")
        fills, active, judges, whole, refused = (
            Signal(name=f"loader_{name}", init=name == "whole")
            for name in ("fills", "active", "judges", "whole", "refused"))
        m.d.comb += [choice.eq(AnySeq(2)), loader.filling.eq(fills), loader.active.eq(active),
                     loader.octets.ready.eq(active & ~judges), loader.whole.eq(whole),
                     loader.refused.eq(refused)]
        with m.If(taken(loader.octets)):
            m.d.sync += [whole.eq(whole & AnySeq(1)), active.eq(choice != 1),
                         refused.eq(refused | (choice == 1)), judges.eq(choice == 2)]
        with m.If(judges):
            m.d.sync += [whole.eq(choice[0]), refused.eq(~choice[0]), active.eq(0), judges.eq(0)]
        with m.If(fills & (choice == 0)):
            m.d.sync += [fills.eq(0), active.eq(1)]
        with m.If(loader.begin):
            m.d.sync += [fills.eq(1), active.eq(0), judges.eq(0), refused.eq(0)]


class LoadingAnswers(HollowLoading, Answers):
    """Every request gets its answer, those to DESCRIBE and LOAD too."""

    def _ask(self, request):
        asks = super()._ask(request)
        asks.load, asks.describe = request.type == Type.LOAD, request.type == Type.DESCRIBE
        return asks

    def _deserve(self, m, asks, why):
        request = self.inbox.request.p
        with m.If(asks.load):
            m.d.comb += why.eq(Mux(request.empty, ErrorCode.WRONG_LENGTH, 0))
        with m.Elif(asks.describe):
            m.d.comb += why.eq(Mux(request.empty, 0, ErrorCode.WRONG_LENGTH))
        with m.Elif((asks.classify | asks.measure) & ~self.loader.whole):
            m.d.comb += why.eq(ErrorCode.NO_WEIGHTS)
        with m.Else():
            super()._deserve(m, asks, why)

    def _refuse(self, m, reason):
        self.short = Signal(name="offset_is_short")
        with m.If(self.short):
            m.d.sync += reason.eq(ErrorCode.WRONG_LENGTH)

    def _work(self, m, open_, asks, runs):
        """Follow a LOAD: its offset, what that makes of its octets, and where they go."""
        payload, request, loader = self.inbox.payload, self.inbox.request, self.loader
        got, placed, done = Signal(range(PLACE + 1)), Signal(), Signal(name="load_done")
        offset, given, before, begun = *(
            Signal(8 * PLACE, name=name) for name in ("offset", "given", "before")), Signal()
        wanted, order = Signal(), Signal()
        loads, reads, decides, loading, ends = (
            Signal(name=name) for name in ("loads", "reads", "decides", "loading", "load_ends"))
        comes = taken(payload)
        m.d.comb += [loads.eq(open_ & asks.load & ~done), reads.eq(loads & (got != PLACE)),
                     decides.eq(loads & (got == PLACE) & ~placed), loading.eq(loads & placed),
                     ends.eq(request.p.empty & ~payload.valid),
                     self.short.eq(reads & ends)]
        with m.If(reads & comes):
            m.d.sync += [got.eq(got + 1), offset.eq(Cat(offset, payload.payload)[8:])]
        first, next_, again = offset == 0, begun & (offset == given), begun & (offset == before)
        with m.If(decides):
            m.d.sync += [placed.eq(1), wanted.eq(first | next_),
                         order.eq(~(first | next_ | again))]
            with m.If(first | next_):
                m.d.sync += before.eq(offset)
            with m.If(first):
                m.d.sync += [begun.eq(1), given.eq(0)]
        with m.If(loading & comes & wanted):
            m.d.sync += given.eq(given + 1)
        with m.If(self.short | loading & ends & ~loader.filling):
            m.d.sync += done.eq(1)
        with m.If(request.ready):
            m.d.sync += [got.eq(0), placed.eq(0), done.eq(0)]

        self.loading_here = loads & comes
        self.waiting = loads & (~payload.valid & ~request.p.empty | loading & loader.filling)
        self.asks_load = asks.load
        self.status = Cat(loader.whole, loader.active, loader.refused, order, Const(0, 4), given)
        self._follow(m, decides & first, loading & wanted)
        return runs | loads

    def _follow(self, m, begins, wanted):
        """Look at what the loader is told: a proof of its own."""

    def _sources(self, asks, results):
        return (*super()._sources(asks, results),
                ("description", asks.describe, self.described.o, self.described.o.p.last))

    def _elsewhere(self):
        return (self.loading_here,)

    def _lingers(self):
        return (self.waiting,)

    def _gives(self, asks):
        return Mux(asks.load, 1, Mux(asks.describe, self.described.o.valid, super()._gives(asks)))


class LoadingOctets(LoadingAnswers):
    """Octets of LOAD go to the loader in order, and its answer says how far they are."""

    def _follow(self, m, begins, wanted):
        payload, loader = self.inbox.payload, self.loader
        comes = taken(payload)
        m.d.comb += Assert(loader.begin == begins,
                           "a load begins that nobody asked for, or one does not")
        m.d.comb += Assert(loader.octets.valid == (payload.valid & wanted),
                           "an octet is offered to the loader that is not the next one")
        m.d.comb += Assert(~loader.octets.valid | (loader.octets.payload == payload.payload),
                           "an octet of a load is changed")
        m.d.comb += Assert(~loader.octets.valid | (comes == taken(loader.octets))
                           | ~(loader.filling | loader.octets.ready),
                           "an octet of a load is lost or doubled")

    def _compare(self, m, consumer, place, right, reason, sources):
        super()._compare(m, consumer, place, right, reason, sources)
        answer, part, here = self.output.i, Signal(range(ANSWER)), Signal(name="status_here")
        m.d.comb += here.eq((place == 2) & right & self.asks_load)
        with m.If(consumer.taken & here):
            m.d.sync += part.eq(Mux(part == ANSWER - 1, 0, part + 1))
        m.d.comb += Assert(~(answer.valid & here)
                           | (answer.p.data == self.status.word_select(part, 8))
                           & (answer.p.last == (part == ANSWER - 1)),
                           "an answer to LOAD is not status and position")


class LoadingPaths(HollowLoading, Paths):
    """Paths past the requests, and when the link does work at all."""

    def _check(self, m):
        super()._check(m)
        dut, loader, text, run = self.dut, self.loader, self.text, self.benchmark
        m.d.comb += Assert(~(dut.feed.i.valid | run.begin | run.running) | loader.whole,
                           "work is done with weights that are not whole")
        m.d.comb += Assert(text.hidden == ~loader.whole,
                           "the identity is not hidden while weights are not whole")
        was = Signal(init=1)
        m.d.sync += was.eq(loader.whole)
        m.d.comb += Assert(text.swap == (loader.whole & ~was),
                           "a text is swapped in that is not that of the weights")
        m.d.comb += Assert((text.valid == loader.text_valid) & (text.octet == loader.text)
                           & (text.index == loader.text_index)
                           & (text.octets == loader.text_octets), "a text is changed")
        m.d.comb += Assert(joined(loader.weights, dut.weights), "a word of weights is changed")
        m.d.comb += Assert(joined(self.description.o, self.described.i),
                           "an octet of the description is changed")
        # A text that changes is not on its way: but for its first octet, which all texts share.
        m.d.comb += Assert(~(loader.octets.valid | loader.begin)
                           | ~(self.words.o.valid & self.words.o.ready),
                           "an octet of the text is sent while weights are loaded")


WHERE = PARAMETERS + ", WeightLoader, LoadedText"

PROOFS = [
    Proof("loading-link", "Of the link that loads weights: every request gets its answer, as of "
          "the proof link, also DESCRIBE and LOAD; requests for work are refused while the weights "
          "are not whole", WHERE, LoadingAnswers,
          Fault("hw.serial.loadinglink.LoadingLink._serve_more", "request.error.eq(1)",
                "request.error.eq(0)"), ("LoadingLink",)),
    Proof("loading-link-octets", "Octets of a load go to the loader once, in order and without a "
          "gap; those that come again and those of another place do not; a load begins at offset 0 "
          "and nowhere else; the answer says how far the load is", WHERE, LoadingOctets,
          Fault("hw.serial.loadinglink.LoadingLink._serve_more",
                "octets.ready.eq(~wanted | ~loader.filling)", "octets.ready.eq(1)"),
          ("LoadingLink",)),
    Proof("loading-link-paths", "No image goes in and no run begins or goes on with weights that "
          "are not whole, and the identity is hidden then; a new text is swapped in exactly when "
          "its weights become whole; weights, texts and all that the proof link-paths names go "
          "through unchanged", WHERE, LoadingPaths,
          Fault("hw.serial.loadinglink.LoadingLink._identify", "text.hidden.eq(~loader.whole)",
                "text.hidden.eq(loader.refused)"), ("LoadingLink",)),
]
