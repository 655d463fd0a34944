"""Proofs of whole accelerators: what golden answers to every image, once, in order."""

import numpy as np
from amaranth import Cat, Const, Elaboratable, Module
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.accelerator import Accelerator
from hw.count.popcount import Delays
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.stage.labelselect import answer_layout, select_depth
from hw.wired.pipeline import is_compared
from sw.golden import Model
from sw.network import Dense, Encoder, Network, Scores

from .contract import Contract, Producer
from .harness import Fault, Proof
from .pushed import assert_pushed, with_queues


__all__ = ["PROOFS"]

PIXELS, PIXEL_BITS = 3, 2
NETWORK = Network(
    (Encoder.uniform(PIXELS, (1, 3), PIXEL_BITS),
     Dense("fc0", np.array([[-1, -1, 1, -1, -1, 1], [-1, -1, 1, 1, 1, 0], [1, -1, 1, 0, -1, -1]],
                           np.int8), np.array([3, 3, 4], np.int32)),
     Scores("scores", np.array([[-1, -1, 1], [-1, 1, 1]], np.int8), np.array([0, 2], np.int32))),
    ["first", "second"], (PIXELS,))
ANSWER = answer_layout(NETWORK.classes, NETWORK.score_bits)
IMAGES = (np.arange(2**(PIXELS * PIXEL_BITS))[:, None] >> PIXEL_BITS * np.arange(PIXELS)
          & 2**PIXEL_BITS - 1).astype(np.uint8)


def look_up(words, index):
    """Take a word of a table, bit by bit: of a memory, induction would not know the contents."""
    columns = [sum((word >> bit & 1) << row for row, word in enumerate(words))
               for bit in range(max(words).bit_length())]
    return Cat(Const(column, len(words)).bit_select(index, 1) for column in columns)


def encoded(image):
    """What golden's encoder makes of an image."""
    rows = Model(NETWORK).encode(IMAGES)
    return look_up([sum(int(bit) << place for place, bit in enumerate(row)) for row in rows],
                   image)


def answer(image):
    """What golden answers to an image, as the accelerator's payload."""
    model = Model(NETWORK)
    words = [ANSWER.const({"label": int(label), "scores": scores.tolist()}).as_value().value
             for label, scores in zip(model.labels(IMAGES), model.scores(IMAGES), strict=True)]
    return look_up(words, image)


class UpToQueue(Elaboratable):
    """A wired accelerator up to its queue: as what, and when, each image is pushed.

    With the contract of the queue, proven apart, it is the accelerator's.
    """

    def elaborate(self, platform):
        m = Module()
        dut = Accelerator(NETWORK, Schedule(PIXELS, {"fc0": Wired(1), "scores": Wired(1)}))
        m.submodules.dut, queues = with_queues(dut, platform, "hw.wired.pipeline")
        m.submodules.producer = producer = Producer(dut.i)
        m.d.comb += dut.o.ready.eq(AnySeq(1))
        pipeline = dut.stages["wired_fc0"]

        # An image waits outside until a slot of the queues is free. Behind that nothing stops it.
        m.d.comb += Assert(dut.i.ready == queues[0].free, "an image is refused that has room")
        late = Delays(m, "encoded")
        encoder = pipeline.stages[NETWORK.layers[0].name]
        m.d.comb += Assert(encoder.y == encoded(late.delay(dut.i.payload, 1)),
                           "an image is not encoded as golden encodes it")
        assert_pushed(m, dut.o, queues, taken=producer.taken, vector=dut.i.payload,
                      expected=answer, delay=pipeline.depth,
                      early=select_depth(NETWORK.classes, compared=is_compared(pipeline.modes)))
        return m


def scheduled():
    schedule = Schedule(2, {"fc0": Scheduled(2, 3), "scores": Scheduled(2, 3)})
    dut = Accelerator(NETWORK, schedule)
    queues = [stage.queue_depth for stage in dut.stages.values() if hasattr(stage, "queue_depth")]
    return Contract(dut, lambda beats: [answer(Cat(*beats)[:PIXELS * PIXEL_BITS])],
                    i_words=dut.beats, wait=dut.latency, busy=dut.interval + dut.latency,
                    inside=sum(queues) + 4)


PARAMETERS = (f"{PIXELS} pixels of {PIXEL_BITS} bits, 2 levels, {NETWORK.layers[1].outputs} "
              f"neurons, some synapses missing, {NETWORK.classes} classes that may tie")

PROOFS = [
    Proof("accelerator-wired", "Every image is taken once a slot of the queue is free, and is "
          "pushed into it exactly as many cycles later as stated, as what sw.golden answers to it: "
          "with the queue's contract, no answer is lost, doubled, changed or late",
          PARAMETERS + "; wired, an image a beat", UpToQueue,
          Fault("hw.stage.labelselect.select", "_moved(right[0]) > _moved(left[0])",
                "_moved(right[0]) >= _moved(left[0])"),
          ("Accelerator",), method="induction", depth=8, short=True),
    Proof("accelerator-scheduled", "Every image is answered once, in order and in bounded time, "
          "held until taken, with the label and the scores of sw.golden, for all images",
          PARAMETERS + "; scheduled: a layer of 2 × 2 folds, an image in 2 beats", scheduled,
          Fault("hw.stage.mvtu.MVTU._results", "total >= constant", "total > constant"),
          ("Accelerator",), method="bmc", depth=32,
          enough="the first answer can be there in cycle 25, the next in 29: two images are "
          "answered, more are inside, under any pauses and back-pressure that fit"),
]
