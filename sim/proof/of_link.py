"""Proofs of the link: one answer a request, of the right kind, and where everything goes."""

from types import SimpleNamespace

from amaranth import Mux, Signal
from amaranth.hdl import Assert, Assume

from sw.line.protocol import ANSWER, ErrorCode, Type

from .contract import Consumer, at_most
from .harness import Fault, Proof
from .hollow import CLASSES, DEPTH, IMAGE_BYTES, Hollow, joined, taken


__all__ = ["PROOFS", "Answers"]

OWN = 2    # cycles without an octet that no neighbour is to blame for


class Answers(Hollow):
    """Every request gets its answer: octet by octet what the protocol says."""

    def _check(self, m):
        inbox, run, answer = self.inbox, self.benchmark, self.output.i
        request, there = inbox.request.p, inbox.request.valid
        consumer = Consumer(m, answer, "answer")

        # What a request deserves: known in the cycle behind its second one.
        asks = self._ask(request)
        age, why, reason = Signal(2), Signal(8), Signal(8)
        self._deserve(m, asks, why)
        with m.If(~there | inbox.request.ready):
            m.d.sync += age.eq(0)
        with m.Elif(age != 2):
            m.d.sync += age.eq(age + 1)
        with m.If(age == 1):
            m.d.sync += reason.eq(why)
        with m.If(run.refused):
            m.d.sync += reason.eq(ErrorCode.WRONG_COUNT)
        self._refuse(m, reason)

        # Where the answer is: type, sequence number, payload, over; a run comes before it.
        place, results = Signal(2), Signal.like(request.images)
        over, ran, right, payload = Signal(), Signal(), Signal(), Signal()
        with m.If(consumer.taken):
            m.d.sync += place.eq(Mux(place == 2, 2, place + 1))
            m.d.sync += over.eq(answer.p.last)
            m.d.sync += results.eq(results + ((place == 2) & self.result.o.p.last))
        with m.If(run.refused | self.report.o.valid):
            m.d.sync += ran.eq(1)
        with m.If(inbox.request.ready):
            m.d.sync += [place.eq(0), over.eq(0), ran.eq(0), results.eq(0)]
        open_, runs = Signal(), Signal()
        m.d.comb += [open_.eq(there & (age == 2) & ~over), right.eq(reason == 0),
                     runs.eq(open_ & asks.measure & right & ~ran),
                     payload.eq(open_ & (place == 2))]
        works = self._work(m, open_ & right, asks, runs)
        m.d.comb += Assert(~answer.valid | (open_ & ~works), "an answer that nobody asked for")
        m.d.comb += Assert(~inbox.request.ready | (there & over),
                           "a request is taken without its answer")
        m.d.comb += Assert(self.dut.busy == there, "busy is not while there is a request")
        self._compare(m, consumer, place, right, reason, self._sources(asks, results))
        self._feed(m, runs, payload & asks.classify & right)
        self._go_on(m, consumer, runs, payload & right, asks)

    def _ask(self, request):
        """Return what a request asks for."""
        return SimpleNamespace(identify=request.type == Type.IDENTIFY,
                               classify=request.type == Type.CLASSIFY,
                               measure=request.type == Type.BENCHMARK)

    def _deserve(self, m, asks, why):
        """Say why a request is answered with an error, or 0."""
        request = self.inbox.request.p
        with m.If(asks.identify):
            m.d.comb += why.eq(Mux(request.empty, 0, ErrorCode.WRONG_LENGTH))
        with m.Elif((asks.classify | asks.measure) & (self.dut.hindrance != 0)):
            m.d.comb += why.eq(self.dut.hindrance)
        with m.Elif(asks.classify):
            m.d.comb += why.eq(Mux((request.images != 0) & ~request.rest, 0,
                                   ErrorCode.WRONG_LENGTH))
        with m.Elif(asks.measure):
            m.d.comb += why.eq(Mux(request.word, 0, ErrorCode.WRONG_LENGTH))
        with m.Else():
            m.d.comb += why.eq(ErrorCode.UNKNOWN_TYPE)

    def _refuse(self, m, reason):
        """Say of errors that come out later: none more."""

    def _work(self, m, open_, asks, runs):
        """Return whether something goes on that comes before an answer: a run."""
        return runs

    def _sources(self, asks, results):
        """Return who gives payloads: name, whether asked, stream, and whether an octet ends it."""
        last = self.result.o.p.last & (results == self.inbox.request.p.images - 1)
        return (("text", asks.identify, self.words.o, self.words.o.p.last),
                ("report", asks.measure, self.report.o, self.report.o.p.last),
                ("results", asks.classify, self.result.o, last))

    def _elsewhere(self):
        """Return further signals with which an octet of a request is taken: none."""
        return ()

    def _lingers(self):
        """Return further signals with which the link waits for others: none."""
        return ()

    def _gives(self, asks):
        """Return whether an octet of the payload that was asked for is given."""
        return Mux(asks.identify, self.words.o.valid,
                   Mux(asks.measure, self.report.o.valid, self.result.o.valid))

    def _compare(self, m, consumer, place, right, reason, sources):
        """Look at each octet, and at who gave it."""
        answer, request = self.output.i, self.inbox.request.p
        here = answer.valid
        m.d.comb += Assert(~here | (place != 0) | (answer.p.data == Mux(
            right, request.type | ANSWER, Type.ERROR)), "the type is not the answer's")
        m.d.comb += Assert(~here | (place != 1) | (answer.p.data == request.sequence),
                           "the sequence number is not the request's")
        m.d.comb += Assert(~here | (place == 2) | ~answer.p.last,
                           "an answer ends before its payload")
        m.d.comb += Assert(~here | (place != 2) | right | ((answer.p.data == reason)
                                                           & answer.p.last),
                           "an error is not why, or more than one octet")
        for name, asked, source, end in sources:
            here = Signal(name=f"{name}_here")
            m.d.comb += here.eq((place == 2) & right & asked)
            m.d.comb += Assert(taken(source) == (consumer.taken & here),
                               f"an octet of the {name} is lost, doubled or made up")
            m.d.comb += Assert(~(answer.valid & here) | (answer.p.data == source.p.data),
                               f"an octet of the {name} is not what was given")
            m.d.comb += Assert(~(answer.valid & here) | (answer.p.last == end),
                               f"an answer does not end with the {name}")

    def _feed(self, m, runs, classifies):
        """Look where the request's octets go, and when the benchmark runs."""
        payload, feed, run = self.inbox.payload, self.dut.feed, self.benchmark
        m.d.comb += Assert(feed.i.valid == (payload.valid & classifies),
                           "an image's octet is not offered, or another one is")
        m.d.comb += Assert(run.i.valid == (payload.valid & runs),
                           "an octet of a run's number is not offered, or another one is")
        goes = taken(feed.i) | taken(run.i)
        for other in self._elsewhere():
            goes |= other
        m.d.comb += Assert(taken(payload) == goes,
                           "an octet of a request is lost or doubled")
        m.d.comb += Assert((~feed.i.valid | (feed.i.payload == payload.payload))
                           & (~run.i.valid | (run.i.payload == payload.payload)),
                           "an octet of a request is changed")
        m.d.comb += Assert(runs | ~(run.refused | run.begin | run.running),
                           "the benchmark runs behind the link's back")

    def _go_on(self, m, consumer, runs, pays, asks):
        """Look that the link itself never stands still, up to the next request."""
        run, report, waits = self.benchmark, self.report.o, Signal()
        m.d.comb += waits.eq(
            consumer.stalled
            | runs & ~(run.refused | report.valid) & ~(run.i.ready & self.inbox.payload.valid)
            | pays & ~self._gives(asks))
        for other in self._lingers():
            with m.If(other):
                m.d.comb += waits.eq(1)
        there = self.inbox.request.valid
        moves = ~there | self.inbox.request.ready | consumer.taken | taken(run.i)
        for other in self._elsewhere():
            moves |= other
        at_most(m, OWN, there & ~waits, moves, "the link stands still")


class Paths(Hollow):
    """Paths past the requests: everything that the link passes on unchanged."""

    def _check(self, m):
        dut, run, feed = self.dut, self.benchmark, self.dut.feed
        m.d.comb += Assert(joined(dut.i, self.deframer.i), "an octet of the line is changed")
        for name in "valid", "octet", "flag", "good":
            before = Signal.like(getattr(self.deframer, name))
            m.d.sync += before.eq(getattr(self.deframer, name))
            m.d.comb += Assert(getattr(self.inbox, name) == before, f"{name} of a frame is changed")
        m.d.comb += Assert(joined(self.output.o, self.framer.i), "an octet of an answer is changed")
        m.d.comb += Assert(joined(self.framer.o, dut.o), "an octet to the line is changed")
        m.d.comb += Assert(joined(feed.o, dut.images), "an image is changed")
        for name in "begin", "running", "more":
            m.d.comb += Assert(getattr(feed, name) == getattr(run, name),
                               f"{name} of a run is changed")
        m.d.comb += Assert(run.given == feed.given, "given of a run is changed")
        m.d.comb += Assert(run.accepted == taken(dut.images), "a word that is taken is not counted")

        # A result goes to the benchmark in a run, and else to the answer. A run begins and ends
        # when no result is on its way: not in the first cycle of a run, nor in the one behind it.
        taking = Signal()
        m.d.sync += taking.eq(run.running)
        m.d.comb += Assume(~dut.results.valid | (taking == run.running))
        m.d.comb += Assert(run.labelled == (taken(dut.results) & run.running),
                           "a label of a run is lost, doubled or made up")
        m.d.comb += Assert(~run.labelled | (run.label == dut.results.p.label),
                           "a label is changed")
        m.d.comb += Assert(~dut.results.valid | ~run.running | dut.results.ready,
                           "a label waits in a run")
        m.d.comb += Assert(taking | joined(dut.results, self.octets.i),
                           "a result is lost, doubled or changed")
        m.d.comb += Assert(~run.running | ~self.octets.i.valid, "a result of a run is answered")
        m.d.comb += Assert(joined(self.text.o, self.words.i), "an octet of the text is changed")
        m.d.comb += Assert(joined(self.octets.o, self.result.i), "an octet of a result is changed")
        m.d.comb += Assert(joined(run.report, self.report.i), "an octet of the report is changed")


PARAMETERS = (f"up to {DEPTH // IMAGE_BYTES - 1} images a request, {CLASSES} classes; beside parts "
              "that say anything, each proven apart: Deframer, Inbox, TextOctets, ResultOctets, "
              "Relay, Benchmark, WordFeed, Framer")

PROOFS = [
    Proof("link", "Every request gets exactly one answer, held until taken: type, the request's "
          "number, then the text, as many results as images, the report, or why there is none, "
          "which is the right reason; last is with its last octet and no other; octets of a "
          "request go where they belong; the link itself waits for at most "
          f"{OWN} cycles, up to the next request", PARAMETERS, Answers,
          Fault("hw.serial.link.Link._classify", "with m.If(answer.sent & result.o.p.last):",
                "with m.If(result.o.p.last):"), ("Link",), short=True),
    Proof("link-paths", "What is not an answer goes through unchanged: octets from and to the "
          "line, images, and results, which go to the benchmark exactly in its runs", PARAMETERS,
          Paths,
          Fault("hw.serial.link.Link._take_results", "self.results.valid & ~taking",
                "self.results.valid"), ("Link",)),
]
