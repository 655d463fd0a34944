"""Proofs of what carries payloads unchanged: registers, queues, width converters, stages."""

from amaranth import Cat, Const, Elaboratable, Module, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.stream.credit import CreditQueue, Dataflow, Relay, StreamBuffer
from hw.stream.width import Conversion, WidthConverter

from .contract import Consumer, Contract
from .harness import Fault, Proof


__all__ = ["PROOFS"]

CONTRACT = ("Nothing is lost, doubled or changed; an offer stays until taken; a payload inside is "
            "offered without waiting for ready, and room is given back in bounded time")


def same(words):
    """Payloads go through as they are."""
    return words


def buffer():
    return Contract(StreamBuffer(4), same, wait=1, busy=0, inside=1)


def relay():
    return Contract(Relay(4), same, wait=1, busy=1, inside=1)


def dataflow():
    stages = {"first": Relay(3), "narrow": WidthConverter(bits=3, i_width=3, o_width=2),
              "last": StreamBuffer(2)}
    return Contract(Dataflow(stages), lambda words: [words[0][:2], words[0][2]], o_words=2,
                    wait=4, busy=4, inside=3)


def converter(bits, i_width, o_width):
    def expected(words):
        flat = Cat(*words)[:bits]
        return [Cat(flat[place:place + o_width], Const(0, o_width))[:o_width]
                for place in range(0, bits, o_width)]

    dut = WidthConverter(bits=bits, i_width=i_width, o_width=o_width)
    through = dut.form == "same"
    busy = {"same": 0, "up": 0}.get(dut.form, -(-min(bits, i_width) // o_width) - 1)
    return Contract(dut, expected, i_words=dut.i_words, o_words=dut.o_words,
                    wait=max(1, dut.latency), busy=busy, inside=2, through=through)


class Queue(Elaboratable):
    """A credit queue behind a pipeline that delivers what it reserved, whenever it likes."""

    def __init__(self, depth):
        self.depth = depth

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = CreditQueue(3, depth=self.depth)
        consumer = Consumer(m, dut.o)
        promised = Signal(range(self.depth + 2))  # reserved, not pushed
        stored = Signal(range(self.depth + 2))    # pushed, not taken
        takes = Signal()
        m.d.comb += dut.reserve.eq(AnySeq(1))
        m.d.comb += takes.eq(dut.reserve & dut.free)
        m.d.comb += dut.push.eq(AnySeq(1) & (promised != 0))
        m.d.comb += dut.payload.eq(AnySeq(3))
        m.d.sync += promised.eq(promised + takes - dut.push)
        m.d.sync += stored.eq(stored + dut.push - consumer.taken)
        m.d.comb += Assert(promised + stored <= self.depth, "more slots are given than there are")
        m.d.comb += Assert(~dut.o.valid | (stored != 0), "a payload comes out that was not pushed")
        late = Signal()
        if dut.latency == 2:
            m.d.sync += late.eq(consumer.taken)
        m.d.comb += Assert(dut.free == (promised + stored + late != self.depth),
                           "a free slot is withheld, or one given that is not free")

        # When exactly payloads come out: of two queues that are reserved and taken together, the
        # one that gets its payloads first has one whenever the other has.
        arrived, there = Signal(), Signal(range(self.depth + 2))
        if dut.latency == 2:
            m.d.sync += arrived.eq(dut.push)
        else:
            m.d.comb += arrived.eq(dut.push)
        m.d.sync += there.eq(there + arrived - consumer.taken)
        m.d.comb += Assert(dut.o.valid == (there != 0), "a payload comes out early, or late")

        # A payload, chosen when it is pushed.
        chosen, chooses, over = Signal(), Signal(), Signal()
        ahead, payload = Signal(range(self.depth + 2)), Signal(3)
        m.d.comb += chooses.eq(dut.push & ~chosen & AnySeq(1))
        with m.If(chooses):
            m.d.sync += [chosen.eq(1), payload.eq(dut.payload), ahead.eq(stored - consumer.taken)]
        with m.Elif(chosen & consumer.taken & (ahead != 0)):
            m.d.sync += ahead.eq(ahead - 1)
        its_turn = chosen & ~over & (ahead == 0) & dut.o.valid
        with m.If(its_turn & dut.o.ready):
            m.d.sync += over.eq(1)
        m.d.comb += Assert(~its_turn | (dut.o.payload == payload), "a payload is not what it was")
        return m


def queue_proof(depth, fault, **others):
    return Proof(f"queue-{depth}", CONTRACT + "; the queue never has more payloads promised than "
                 "slots; when a slot is free and when a payload is out depends on what was "
                 "reserved, pushed and taken alone", f"3 bits, depth {depth}",
                 lambda: Queue(depth), fault,
                 ("CreditQueue",), **others)


def width_proof(bits, i_width, o_width, old, new, **others):
    form = Conversion(bits, i_width, o_width).form
    return Proof(f"width-{form}-{bits}-{i_width}-{o_width}", CONTRACT + "; every vector's words "
                 "hold its bits in order, filled up with zeros",
                 f"{form}: {bits} bits, words of {i_width} to words of {o_width}",
                 lambda: converter(bits, i_width, o_width),
                 Fault(f"hw.stream.width.WidthConverter._{form}", old, new),
                 ("WidthConverter",), **others)


PROOFS = [
    Proof("buffer", CONTRACT, "4 bits", buffer,
          Fault("hw.stream.credit.StreamBuffer.elaborate", "~self.o.valid | self.o.ready", "1"),
          ("StreamBuffer",), short=True),
    Proof("relay", CONTRACT, "4 bits", relay,
          Fault("hw.stream.credit.Relay.elaborate", "with m.If(~self.o.valid):", "with m.If(1):"),
          ("Relay",), short=True),
    queue_proof(1, Fault("hw.stream.credit.CreditQueue.elaborate", "credits != 0",
                         "(credits != 0) | self.o.ready")),
    queue_proof(3, Fault("hw.stream.credit.CreditQueue.elaborate", "m.If(taken ^ returned)",
                         "m.If(taken | returned)"), short=True),
    queue_proof(6, Fault("hw.stream.credit.CreditQueue._keep", "& (~self.o.valid | self.o.ready)",
                         "& (~self.o.valid | self.o.ready | self.push)")),
    Proof("dataflow", CONTRACT, "relay, converter of 3 bits to 2, register", dataflow,
          Fault("hw.stream.credit.Dataflow.elaborate", "connect(m, producer.o, consumer.i)",
                "m.d.comb += [consumer.i.payload.eq(producer.o.payload), "
                "consumer.i.valid.eq(producer.o.valid), producer.o.ready.eq(1)]"),
          ("Dataflow", "Relay", "StreamBuffer", "WidthConverter")),
    width_proof(5, 3, 3, "self.i_words, transfer)", "self.i_words, self.i.valid)", short=True),
    width_proof(5, 2, 5, "~self.o.valid | self.o.ready", "~self.o.valid"),
    width_proof(7, 2, 4, "Mux(self.o.valid, parts, missing) - 1", "missing - 1"),
    width_proof(7, 7, 3, "(left == 1) & self.o.ready", "(left == 1)"),
    width_proof(5, 4, 2, "Mux(last, last_parts, parts)", "parts"),
    width_proof(7, 3, 2, "level >= need", "level >= self.o_width", short=True),
    width_proof(8, 3, 5, "rest_level <= size - self.i_width", "rest_level <= size"),
]
