"""Proofs of the link: one answer a request, of the right kind, and where everything goes."""

from contextlib import ExitStack
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
from amaranth import Elaboratable, Fragment, Module, Mux, Signal, Value
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert, Assume
from amaranth.lib.wiring import In, Out

from hw.serial.answer import ResultOctets, TextOctets
from hw.serial.benchmark import Benchmark
from hw.serial.framing import Deframer, Framer
from hw.serial.inbox import Inbox
from hw.serial.link import Link
from hw.serial.wordfeed import WordFeed
from hw.stage.labelselect import answer_layout
from hw.stream.credit import Relay
from sw.line.protocol import ANSWER, ErrorCode, Type

from .contract import Consumer, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

CLASSES, IMAGE_BYTES, DEPTH = 2, 4, 16
WORD = 4   # octets that ask for a run
OWN = 2    # cycles without an octet that no neighbour is to blame for
INFO = SimpleNamespace(
    pixels=30, pixel_bits=1, image_bytes=IMAGE_BYTES, interval=2, labels=("first", "second"),
    score_bytes=2, max_benchmark=7, encode=lambda: b"text")
ROM = np.array([[1, 2, 3, 4]], np.uint8)
PARTS = Deframer, Inbox, TextOctets, ResultOctets, Relay, Benchmark, WordFeed, Framer


def say_anything(m, part, flow):
    """Drive the ports of a flow with anything."""
    for _, member, value in part.signature.flatten(part):
        if member.flow == flow:
            m.d.comb += Value.cast(value).eq(AnySeq(len(Value.cast(value))))


def keep(m, stream, name, dropped=0):
    """Let what is offered stay until it is taken or dropped."""
    payload = Value.cast(stream.payload)
    held, last = Signal(name=f"{name}_held"), Signal(len(payload), name=f"{name}_last")
    m.d.sync += [held.eq(stream.valid & ~stream.ready & ~dropped), last.eq(payload)]
    with m.If(held):
        m.d.comb += [stream.valid.eq(1), payload.eq(last)]


def taken(stream):
    return stream.valid & stream.ready


def joined(source, sink):
    """Whether two ends of a stream are one."""
    return ((sink.valid == source.valid) & (source.ready == sink.ready)
            & (Value.cast(sink.payload) == Value.cast(source.payload)))


class Hollow(Elaboratable):
    """The link with parts of which only the ports are left: they say anything at any time.

    They are proven apart, and what the link trusts them with is in here: what is offered stays
    until taken (a request's payload until the request is), a request says the same until an octet
    of its payload is out, and the benchmark takes four octets and then either refuses them, or
    begins, runs and reports. The report's relay gives what it takes, an octet at a time.
    """

    def elaborate(self, platform):
        m = Module()
        parts = []

        def hollow(part, platform):
            parts.append(part)
            return Module()

        self.dut = dut = Link(INFO, ROM, result=answer_layout(CLASSES, 4), input_width=16,
                              rom_width=16, used=[True] * 30, depth=DEPTH)
        with ExitStack() as stack:
            for part in PARTS:
                stack.enter_context(patch.object(part, "elaborate", hollow))
            m.submodules.dut = Fragment.get(dut, platform)
        say_anything(m, dut, In)
        for part in parts:
            say_anything(m, part, Out)
        self.deframer, self.inbox, self.text, self.octets, self.benchmark, self.framer = (
            next(part for part in parts if isinstance(part, kind))
            for kind in (Deframer, Inbox, TextOctets, ResultOctets, Benchmark, Framer))
        self.words, self.result, self.report, self.output = (part for part in parts
                                                             if isinstance(part, Relay))
        self._trust(m)
        self._check(m)
        return m

    def _trust(self, m):
        inbox = self.inbox
        begun, request = Signal(), inbox.request.p
        with m.If(inbox.request.ready | ~inbox.request.valid):
            m.d.sync += begun.eq(0)
        with m.Elif(taken(inbox.payload)):
            m.d.sync += begun.eq(1)
        keep(m, inbox.request, "request")
        with m.If(begun):
            m.d.comb += [request.empty.eq(AnySeq(1)), request.word.eq(AnySeq(1))]
        keep(m, inbox.payload, "payload", dropped=inbox.request.ready)
        keep(m, self.words.o, "text")
        keep(m, self.result.o, "result")

        run = self.benchmark
        octet, choice = Signal(range(WORD)), Signal(2)
        for port in run.i.ready, run.refused, run.begin, run.running, run.more, run.report.valid:
            m.d.comb += port.eq(0)
        m.d.comb += choice.eq(AnySeq(2))
        with m.FSM():
            with m.State("COUNT"):
                m.d.comb += run.i.ready.eq(1)
                with m.If(run.i.valid):
                    m.d.sync += octet.eq(octet + 1)
                    with m.If(octet == WORD - 1):
                        m.next = "ASKED"
            with m.State("ASKED"):
                m.d.comb += [run.refused.eq(choice == 1), run.begin.eq(choice == 2)]
                with m.If(run.refused):
                    m.next = "COUNT"
                with m.If(run.begin):
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += [run.running.eq(1), run.more.eq(AnySeq(1))]
                with m.If(choice == 0):
                    m.next = "REPORT"
            with m.State("REPORT"):
                m.d.comb += run.report.valid.eq(AnySeq(1))
                with m.If(taken(run.report) & run.report.p.last):
                    m.next = "COUNT"
        keep(m, run.report, "report")
        relay, full = self.report, Signal()
        inside = Signal.like(relay.o.p)
        with m.If(taken(relay.i)):
            m.d.sync += [full.eq(1), inside.eq(relay.i.p)]
        with m.Elif(relay.o.ready):
            m.d.sync += full.eq(0)
        m.d.comb += [relay.i.ready.eq(~full), relay.o.valid.eq(full), relay.o.p.eq(inside)]


class Answers(Hollow):
    """Every request gets its answer: octet by octet what the protocol says."""

    def _check(self, m):
        inbox, run, answer = self.inbox, self.benchmark, self.output.i
        request, there = inbox.request.p, inbox.request.valid
        consumer = Consumer(m, answer, "answer")

        # What a request deserves: known in the cycle behind its second one.
        asks = SimpleNamespace(identify=request.type == Type.IDENTIFY,
                               classify=request.type == Type.CLASSIFY,
                               measure=request.type == Type.BENCHMARK)
        age, why, reason = Signal(2), Signal(8), Signal(8)
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
        with m.If(~there | inbox.request.ready):
            m.d.sync += age.eq(0)
        with m.Elif(age != 2):
            m.d.sync += age.eq(age + 1)
        with m.If(age == 1):
            m.d.sync += reason.eq(why)
        with m.If(run.refused):
            m.d.sync += reason.eq(ErrorCode.WRONG_COUNT)

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
        m.d.comb += Assert(~answer.valid | (open_ & ~runs), "an answer that nobody asked for")
        m.d.comb += Assert(~inbox.request.ready | (there & over),
                           "a request is taken without its answer")
        m.d.comb += Assert(self.dut.busy == there, "busy is not while there is a request")
        self._compare(m, consumer, place, right, reason, asks, results)
        self._feed(m, runs, payload & asks.classify & right)
        self._go_on(m, consumer, runs, payload & right, asks)

    def _compare(self, m, consumer, place, right, reason, asks, results):
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
        last = self.result.o.p.last & (results == request.images - 1)
        for name, asked, source, end in (
                ("text", asks.identify, self.words.o, self.words.o.p.last),
                ("report", asks.measure, self.report.o, self.report.o.p.last),
                ("results", asks.classify, self.result.o, last)):
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
        m.d.comb += Assert(taken(payload) == (taken(feed.i) | taken(run.i)),
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
            | pays & ~Mux(asks.identify, self.words.o.valid,
                          Mux(asks.measure, report.valid, self.result.o.valid)))
        there = self.inbox.request.valid
        at_most(m, OWN, there & ~waits, ~there | self.inbox.request.ready | consumer.taken
                | taken(run.i), "the link stands still")


class Paths(Hollow):
    """What goes past the requests: everything that the link passes on unchanged."""

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
