"""Proof of the core on Wishbone: any master, even one that breaks rules, gets its answer."""

from functools import partial

from amaranth import Elaboratable, Module, Mux, Signal, unsigned
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert
from amaranth.lib import data

from hw.core.register import NONE, Address
from hw.core.wishbone import WishbonePort

from .contract import Consumer, at_most
from .harness import Fault, Proof


__all__ = ["PROOFS"]

WORDS, ROOM, MOST = 2, 3, 2   # of an image; of the queue; images inside
SCORE = 2                     # bits
RESULT = data.StructLayout({"label": unsigned(1), "scores": data.ArrayLayout(unsigned(SCORE), 2)})
CLEAR, NEXT = 0, 1            # bits of COMMAND


class Master(Elaboratable):
    """A master that does anything in any cycle, beside an accelerator that answers at any time."""

    def __init__(self, pipelined):
        self.pipelined = pipelined

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = WishbonePort(
            pipelined=self.pipelined, words=WORDS, result=RESULT, identity="0" * 64, room=ROOM,
            most_inside=MOST)
        for name in ("cyc_i", "stb_i", "we_i", "adr_i", "dat_i", "sel_i"):
            m.d.comb += getattr(dut, name).eq(AnySeq(len(getattr(dut, name))))
        done = self._answer_once(m, dut)
        self._accelerate(m, dut)
        self._look(m, dut, done)
        return m

    def _answer_once(self, m, dut):
        """Assert when there is an answer; return what the last cycle did, and to which address."""
        asked, taken, open_ = Signal(), Signal(), Signal()
        m.d.comb += asked.eq(dut.cyc_i & dut.stb_i)
        if self.pipelined:
            m.d.comb += taken.eq(asked & ~dut.stall_o)
            m.d.sync += open_.eq(taken)
            m.d.comb += Assert(dut.ack_o == (open_ & dut.cyc_i),
                               "a request is not answered once, in the next cycle")
        else:
            m.d.comb += taken.eq(asked & ~open_)
            m.d.sync += open_.eq(taken)
            m.d.comb += Assert(~dut.ack_o | asked, "an answer comes without a request")
            m.d.comb += Assert(dut.ack_o == (open_ & asked),
                               "a request is not answered once, in the next cycle")
            m.d.comb += Assert(~asked | (dut.stall_o == ~dut.ack_o), "stall is not a wait for ack")
        return taken

    def _accelerate(self, m, dut):
        """Take words at any time, and answer each whole image at any time, but once."""
        words = Consumer(m, dut.words, "words")
        place, owed = Signal(range(WORDS)), Signal(range(MOST + 2))
        whole, given = Signal(), Signal()
        m.d.comb += whole.eq(words.taken & (place == WORDS - 1))
        with m.If(words.taken):
            m.d.sync += place.eq(Mux(whole, 0, place + 1))
        held, payload = Signal(), Signal(RESULT)
        m.d.comb += dut.answers.valid.eq(held | (AnySeq(1) & (owed != 0)))
        m.d.comb += dut.answers.payload.eq(Mux(held, payload, AnySeq(len(payload.as_value()))))
        m.d.comb += given.eq(dut.answers.valid & dut.answers.ready)
        m.d.sync += [held.eq(dut.answers.valid & ~dut.answers.ready),
                     payload.eq(dut.answers.payload)]
        m.d.sync += owed.eq(owed + whole - given)
        m.d.comb += Assert(owed <= MOST, "more images are inside than there may be")
        self.words, self.place, self.owed, self.given = words, place, owed, given

    def _look(self, m, dut, done):
        """Assert what writes do and what reads give, beside a model of the registers."""
        write = {name: Signal(name=f"writes_{name.name.lower()}")
                 for name in (Address.COMMAND, Address.PIXELS)}
        for address, signal in write.items():
            m.d.comb += signal.eq(done & dut.we_i & dut.sel_i.all() & (dut.adr_i == address))
        clear = write[Address.COMMAND] & dut.dat_i[CLEAR]
        drop = write[Address.COMMAND] & dut.dat_i[NEXT]

        # The model: words inside, what is lost, and a clear.
        level, place, inside = (Signal(range(ROOM + 2)), Signal(range(WORDS)),
                                Signal(range(MOST + 2)))
        clearing, lost, under, illegal = Signal(), Signal(), Signal(), Signal()
        welcome, takes, pads = Signal(), Signal(), Signal()
        m.d.comb += welcome.eq(~clearing & ~lost & (level != ROOM)
                               & ((place != 0) | (inside != MOST)))
        m.d.comb += takes.eq(write[Address.PIXELS] & welcome)
        m.d.comb += pads.eq(clearing & (place != 0) & (level != ROOM))
        m.d.sync += level.eq(level + (takes | pads) - self.words.taken)
        with m.If(takes | pads):
            m.d.sync += place.eq(Mux(place == WORDS - 1, 0, place + 1))
        m.d.sync += inside.eq(inside + ((takes | pads) & (place == 0)) - self.given)
        m.d.sync += lost.eq((lost | write[Address.PIXELS] & ~welcome) & ~clear)
        m.d.sync += under.eq((under | drop & (clearing | ~dut.answers.valid)) & ~clear)
        with m.If(clear):
            m.d.sync += clearing.eq(1)
        with m.Elif((place == 0) & (inside == 0)):
            m.d.sync += clearing.eq(0)
        wrong = done & dut.we_i & (~dut.sel_i.all() | ~(
            (dut.adr_i == Address.COMMAND) | (dut.adr_i == Address.PIXELS)
            | (dut.adr_i == Address.INTERRUPT))) | write[Address.COMMAND] & dut.dat_i[2]
        m.d.sync += illegal.eq((illegal & ~clear) | wrong)

        # An answer leaves only when it is dropped, and an image is never made of other words.
        m.d.comb += Assert(~self.given | drop | clearing, "an answer is lost")
        m.d.comb += Assert(~drop | ~dut.answers.valid | self.given, "an answer is not dropped")
        m.d.comb += Assert(level <= ROOM, "more words are taken than there is room for")
        self._follow(m, dut, takes, pads, level)

        # What a read gives: at the next cycle, of this cycle's state.
        there = dut.answers.valid & ~clearing
        busy = clearing | (place != 0) | (inside != 0)
        scores = [dut.answers.p.scores[index] for index in range(2)]
        expected = Signal(32)
        looked = Signal()
        for address, value in {
                Address.STATUS: (there | busy << 1 | lost << 2 | under << 3 | illegal << 4 | 32),
                Address.LABEL: Mux(there, dut.answers.p.label, NONE),
                Address.ROOM: Mux(clearing | lost | (place == 0) & (inside == MOST), 0,
                                  ROOM - level),
                Address.WORDS: WORDS, Address.CLASSES: 2, Address.IDENTITY: 0,
                Address.SCORES: Mux(there, scores[0], 0),
                Address.SCORES + 1: Mux(there, scores[1], 0),
                Address.COMMAND: 0, Address.SCORES + 2: 0}.items():
            with m.If(dut.adr_i == address):
                m.d.sync += [expected.eq(value), looked.eq(done)]
        with m.If(~done):
            m.d.sync += looked.eq(0)
        kinds = [Address.STATUS, Address.LABEL, Address.ROOM, Address.WORDS, Address.CLASSES,
                 Address.IDENTITY, Address.SCORES, Address.SCORES + 1, Address.COMMAND,
                 Address.SCORES + 2]
        known = Signal()
        m.d.comb += known.eq(sum((dut.adr_i == address) for address in kinds) != 0)
        with m.If(~known):
            m.d.sync += looked.eq(0)
        m.d.comb += Assert(~looked | (dut.dat_o == expected), "a read gives another value")

        # A clear ends, and nothing is inside then.
        stuck = clearing & ~self.words.stalled & (self.owed == 0) & ~clear
        at_most(m, 3 * (ROOM + WORDS), stuck & busy, ~stuck, "a clear does not end")
        m.d.comb += Assert(busy | (self.place == 0) & (self.owed == 0) & (level == 0),
                           "something is inside, and busy is low")

    def _follow(self, m, dut, takes, pads, level):
        """Choose a word that is taken, and find it where it comes out."""
        chosen, chooses, over = Signal(), Signal(), Signal()
        ahead, word = Signal(range(ROOM + 2)), Signal(32)
        m.d.comb += chooses.eq((takes | pads) & ~chosen & AnySeq(1))
        with m.If(chooses):
            m.d.sync += [chosen.eq(1), word.eq(Mux(pads, 0, dut.dat_i)),
                         ahead.eq(level - self.words.taken)]
        with m.Elif(chosen & self.words.taken & (ahead != 0)):
            m.d.sync += ahead.eq(ahead - 1)
        turn = chosen & ~over & (ahead == 0) & dut.words.valid
        with m.If(turn & dut.words.ready):
            m.d.sync += over.eq(1)
        m.d.comb += Assert(~turn | (dut.words.payload == word), "a word is not what was written")
        m.d.comb += Assert(~dut.words.valid | (level != 0), "a word comes out that was not taken")


class Loading(Elaboratable):
    """Any master, beside a loader that begins, takes octets and ends at any time."""

    def __init__(self, pipelined):
        self.pipelined = pipelined

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = WishbonePort(
            pipelined=self.pipelined, words=WORDS, result=RESULT, identity="1" * 64, room=ROOM,
            most_inside=MOST, loads=True)
        for name in ("cyc_i", "stb_i", "we_i", "adr_i", "dat_i", "sel_i"):
            m.d.comb += getattr(dut, name).eq(AnySeq(len(getattr(dut, name))))
        load = dut.load
        m.d.comb += [load.active.eq(AnySeq(1)), load.whole.eq(AnySeq(1)),
                     load.refused.eq(AnySeq(1)), load.octets.ready.eq(load.active),
                     dut.words.ready.eq(AnySeq(1))]
        asked, done, before = Signal(), Signal(), Signal()
        m.d.comb += asked.eq(dut.cyc_i & dut.stb_i)
        if self.pipelined:
            m.d.comb += done.eq(asked & ~dut.stall_o)
        else:  # a request is done in the cycle before its answer
            m.d.comb += done.eq(dut.registers.access)
        m.d.sync += before.eq(done)
        m.d.comb += Assert(dut.ack_o == (before & dut.cyc_i & (1 if self.pipelined else asked)),
                           "a request is not answered once, in the cycle behind it")
        at_most(m, 4, asked & ~done & (1 if self.pipelined else ~before), ~asked | done,
                "a request waits for more than 4 cycles")

        # Octets of a word that was written, in order, until the load is over.
        written, word, left = Signal(), Signal(32), Signal(range(5))
        m.d.comb += written.eq(done & dut.we_i & dut.sel_i.all() & load.active
                               & (dut.adr_i == Address.WEIGHTS))
        with m.If(written):
            m.d.sync += [word.eq(dut.dat_i), left.eq(4)]
        with m.Elif(~load.active):
            m.d.sync += left.eq(0)
        with m.Elif(left != 0):
            m.d.sync += [word.eq(word >> 8), left.eq(left - 1)]
        m.d.comb += Assert(~written | (left == 0), "a word of weights is overwritten")
        m.d.comb += Assert(load.octets.valid == (left != 0), "an octet is lost, or made up")
        m.d.comb += Assert((left == 0) | (load.octets.payload == word[:8]), "an octet is another")

        # A load begins when it is asked for and nothing is inside. Without whole weights no word of
        # an image is taken, and the identity is zeros.
        command = done & dut.we_i & dut.sel_i.all() & (dut.adr_i == Address.COMMAND)
        inside, taken = Signal(), Signal()
        m.d.comb += taken.eq(done & dut.we_i & dut.sel_i.all() & load.whole & ~load.active
                             & (dut.adr_i == Address.PIXELS))
        with m.If(taken):
            m.d.sync += inside.eq(1)
        m.d.comb += Assert(~load.begin | command & dut.dat_i[2] & ~dut.dat_i[CLEAR],
                           "a load begins that was not asked for")
        m.d.comb += Assert(~dut.words.valid | inside, "a word is taken though no weights are whole")
        was_identity, hidden = Signal(), Signal()
        with m.If(done):
            m.d.sync += was_identity.eq((dut.adr_i >= Address.IDENTITY)
                                        & (dut.adr_i < Address.IDENTITY + 8))
        m.d.comb += hidden.eq(was_identity & ~load.whole & before)
        m.d.comb += Assert(~hidden | (dut.dat_o == 0), "half a network has an identity")
        return m


CLAIM = ("Whatever a master does, a request is answered once, in the next cycle, and never without "
         "one; each word that is taken comes out once and in order, a word without room is lost "
         "and said, and no later one is taken; reads give what the page says, without an answer "
         "too; an answer stays until it is dropped; a clear ends with nothing inside")


def wishbone_proof(pipelined, fault, **others):
    form = "pipelined" if pipelined else "classic"
    return Proof(f"wishbone-{form}", CLAIM, f"{form}; images of {WORDS} words, room for {ROOM}, "
                 f"{MOST} images inside, 2 scores of {SCORE} bits",
                 lambda: Master(pipelined), fault,
                 ("WishbonePort", "RegisterFile", "ImagePort"), **others)


PROOFS = [
    wishbone_proof(False, Fault("hw.core.wishbone.WishbonePort.elaborate",
                                "self.ack_o.eq(answer & asked)", "self.ack_o.eq(answer)")),
    wishbone_proof(True, Fault("hw.core.imageport.ImagePort.elaborate",
                               "Mux(clearing, 0, self.word)", "self.word")),
    *(Proof(f"wishbone-loading-{form}", "Whatever a master and a loader do, a request waits at "
            "most 4 cycles and is answered once; octets of weights come out once and in order; a "
            "load begins only when it is asked for; without whole weights no pixels are taken and "
            "the identity is zeros", f"{form}; as above",
            partial(Loading, form == "pipelined"), fault, ("WishbonePort", "RegisterFile"))
      for form, fault in (
          ("classic", Fault("hw.core.registerfile.RegisterFile._load",
                            "& (left != 0) & self.load.active", "& 0")),
          ("pipelined", Fault("hw.core.registerfile.RegisterFile.elaborate",
                              "self.load.whole & ~self.load.active & ~began", "1")))),
]
