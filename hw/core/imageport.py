"""Words of images into an accelerator and answers out of it, for a bus that keeps no handshake."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..stream.credit import CreditQueue
from .register import WORD


__all__ = ["MOST_INSIDE", "ImagePort"]

MOST_INSIDE = 2**12 - 1  # images in an accelerator and its queues; more than any holds
SPARE = 2                # slots of the queue for words that have left it and are not counted yet


class ImagePort(wiring.Component):
    """A queue for words of images, and the oldest answer, which stays until it is dropped.

    A word is taken in every cycle if there is room. A word without room is lost and makes the port
    deaf: no further word is taken until a clear, so that no image is made of wrong words. A clear
    fills up an image that is not whole with zeros, drops all answers, and ends when nothing is
    inside. Latency, from a word to ``words``, is that of a :class:`hw.stream.credit.CreditQueue`.

    Parameters
    ----------
    words : int
        Words of an image.
    result : data.StructLayout
        Payload of the answers.
    room : int
        Words that the queue holds.
    most_inside : int
        Images that may be inside at once.

    Members
    -------
    word, valid : In(32), In(1)
        A word comes.
    drop : In(1)
        Drops the answer.
    clear : In(1)
        Begins a clear.
    allowed : In(1)
        Words are taken.
    space : Out(range(room + 1))
        Words that are taken if they come now: 0 while the port is deaf or clears.
    overrun : Out(1)
        A word was lost since the last clear.
    busy : Out(1)
        A clear goes on, or an image, a part of one or an answer is inside.
    shown : Out(1)
        An answer is there.
    words : Out(stream.Signature(32))
        Words, to the accelerator.
    answers : In(stream.Signature(result))
        Answers, from the accelerator.
    """

    def __init__(self, *, words, result, room, most_inside=MOST_INSIDE):
        self.image_words = words
        self.result = result
        self.room = room
        self.most_inside = most_inside
        super().__init__({
            "word": In(WORD), "valid": In(1), "drop": In(1), "clear": In(1), "allowed": In(1),
            "space": Out(range(room + 1)), "overrun": Out(1), "busy": Out(1), "shown": Out(1),
            "words": Out(stream.Signature(WORD)),
            "answers": In(stream.Signature(result)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = CreditQueue(WORD, depth=self.room + SPARE)
        wiring.connect(m, queue.o, wiring.flipped(self.words))

        # A word is taken, lost, or made up to fill an image. Only a first word makes an image more.
        room = Signal(range(self.room + 1), init=self.room)
        place, inside = Signal(range(self.image_words)), Signal(range(self.most_inside + 1))
        first, takes, pads, pushed = Signal(), Signal(), Signal(), Signal()
        clearing = Signal()
        m.d.comb += first.eq(place == 0)
        with m.If(self.allowed & ~clearing & ~self.overrun
                  & ~(first & (inside == self.most_inside))):
            m.d.comb += self.space.eq(room)
        m.d.comb += takes.eq(self.valid & (self.space != 0))
        m.d.comb += pads.eq(clearing & ~first & (room != 0))
        m.d.comb += pushed.eq(takes | pads)
        m.d.comb += [queue.reserve.eq(pushed), queue.push.eq(pushed)]
        m.d.comb += queue.payload.eq(Mux(clearing, 0, self.word))
        m.d.sync += room.eq(room + (queue.o.valid & queue.o.ready) - pushed)
        m.d.sync += self.overrun.eq((self.overrun | self.valid & ~takes) & ~self.clear)
        with m.If(pushed):
            m.d.sync += place.eq(Mux(place == self.image_words - 1, 0, place + 1))

        # Answers, and the end of a clear.
        given = Signal()
        m.d.comb += self.shown.eq(self.answers.valid & ~clearing)
        m.d.comb += self.answers.ready.eq(self.drop | clearing)
        m.d.comb += given.eq(self.answers.valid & self.answers.ready)
        m.d.sync += inside.eq(inside + (pushed & first) - given)
        m.d.comb += self.busy.eq(clearing | ~first | (inside != 0))
        with m.If(self.clear):
            m.d.sync += clearing.eq(1)
        with m.Elif(first & (inside == 0)):
            m.d.sync += clearing.eq(0)
        return m
