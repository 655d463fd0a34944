"""The link without its parts: of each only the ports are left, and say what its proof allows."""

from contextlib import ExitStack
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
from amaranth import Elaboratable, Fragment, Module, Signal, Value
from amaranth.asserts import AnySeq
from amaranth.lib.wiring import In, Out

from hw.serial.answer import ResultOctets, TextOctets
from hw.serial.benchmark import Benchmark
from hw.serial.framing import Deframer, Framer
from hw.serial.inbox import Inbox
from hw.serial.link import Link
from hw.serial.wordfeed import WordFeed
from hw.stage.labelselect import answer_layout
from hw.stream.credit import Relay


__all__ = ["CLASSES", "DEPTH", "IMAGE_BYTES", "Hollow", "joined", "keep", "say_anything", "taken"]

CLASSES, IMAGE_BYTES, DEPTH = 2, 4, 16
WORD = 4   # octets that ask for a run
INFO = SimpleNamespace(
    pixels=30, pixel_bits=1, image_bytes=IMAGE_BYTES, interval=2, labels=("first", "second"),
    score_bytes=2, max_benchmark=7, encode=lambda: b"text")
ROM = np.array([[1, 2, 3, 4]], np.uint8)


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

    PARTS = Deframer, Inbox, TextOctets, ResultOctets, Relay, Benchmark, WordFeed, Framer

    def elaborate(self, platform):
        m = Module()
        parts = []

        def hollow(part, platform):
            parts.append(part)
            return Module()

        self.dut = dut = self._make()
        with ExitStack() as stack:
            for part in self.PARTS:
                stack.enter_context(patch.object(part, "elaborate", hollow))
            m.submodules.dut = Fragment.get(dut, platform)
        say_anything(m, dut, In)
        for part in parts:
            say_anything(m, part, Out)
        self._name(parts)
        self._trust(m)
        self._check(m)
        return m

    def _make(self, kind=Link, **others):
        """Return the link."""
        return kind(INFO, ROM, result=answer_layout(CLASSES, 4), input_width=16, rom_width=16,
                    used=[True] * 30, depth=DEPTH, **others)

    def _name(self, parts):
        """Keep the parts under their names."""
        self.deframer, self.inbox, self.text, self.octets, self.benchmark, self.framer = (
            next(part for part in parts if isinstance(part, kind))
            for kind in (Deframer, Inbox, TextOctets, ResultOctets, Benchmark, Framer))
        self.words, self.result, self.report, self.output = (part for part in parts
                                                             if isinstance(part, Relay))

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
