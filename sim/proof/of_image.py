"""Proofs of the image register: images of requests bit by bit, and those of a run one a cycle."""

from amaranth import Array, Cat, Const, Module, Mux, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hw.serial.imageregister import ImageRegister

from .contract import Contract
from .harness import Fault, Proof


__all__ = ["PROOFS"]

BITS = 11
USED = (0, 1, 3, 6, 8, 10)
WAIT = 8   # cycles from an image's last octet, of three bits, until the image is offered
BUSY = 8   # cycles that an octet is refused, those apart in which an image waits
APART = 5  # cycles between two runs, at least: the benchmark reports in between


class Between(wiring.Component):
    """An image register whose requests are disturbed by runs, each while it holds no image.

    Members
    -------
    i, o
        The register's, in requests.
    loaded : Out(1)
        No run is about to begin or going on.
    begin, running, more, offered : Out(1)
        What the register sees of a run; it offers an image in it.
    image : Out(bits)
        The image offered.
    given : Out(1)
        The register's.
    """

    def __init__(self, inner):
        self.inner = inner
        super().__init__({
            "i": In(inner.i.signature.flip()), "o": Out(stream.Signature(inner.bits)),
            "loaded": Out(1), "begin": Out(1), "running": Out(1), "more": Out(1),
            "offered": Out(1), "image": Out(inner.bits), "given": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.inner = inner = self.inner
        inside, apart = Signal(), Signal(range(APART + 1), init=APART)

        # A request from its first octet until its image is taken; a run at any time in between.
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += inside.eq(0)
        with m.Elif(self.i.valid & self.i.ready):
            m.d.sync += inside.eq(1)
        m.d.comb += self.begin.eq(~self.running & ~inside & (apart == APART) & AnySeq(1))
        with m.If(self.running):
            m.d.sync += apart.eq(0)
        with m.Elif(apart != APART):
            m.d.sync += apart.eq(apart + 1)
        m.d.comb += self.loaded.eq(~self.running & ~self.begin)
        with m.If(self.begin):
            m.d.sync += [self.running.eq(1), self.more.eq(1)]
        with m.Elif(inner.given):
            m.d.sync += self.more.eq(AnySeq(1))
        with m.Elif(~self.more):
            m.d.sync += self.running.eq(AnySeq(1) & self.running)
        m.d.comb += [inner.begin.eq(self.begin), inner.running.eq(self.running),
                     inner.more.eq(self.more), self.given.eq(inner.given)]

        m.d.comb += [inner.i.payload.eq(self.i.payload),
                     inner.i.valid.eq(self.i.valid & self.loaded),
                     self.i.ready.eq(inner.i.ready & self.loaded)]
        m.d.comb += [self.o.payload.eq(inner.o.payload),
                     self.o.valid.eq(inner.o.valid & ~self.running),
                     inner.o.ready.eq(self.o.ready | self.running)]
        m.d.comb += [self.offered.eq(inner.o.valid & self.running),
                     self.image.eq(inner.o.payload)]
        return m


class Runs(Contract):
    """The contract of requests, and in runs the ROM's images, one a cycle from the first one on.

    Parameters
    ----------
    rom : sequence of int
        Images of the benchmark.
    """

    def __init__(self, rom):
        register = ImageRegister(bits=BITS, used=[place in USED for place in range(BITS)], rom=rom)
        self.rom = [image & sum(1 << place for place in USED) for image in rom]
        self.start = 2 if register.in_logic else 5

        def expected(words):
            flat = Cat(*words)
            return [Cat(flat[place] if place in USED else Const(0, 1) for place in range(BITS))]

        super().__init__(Between(register), expected, i_words=-(-BITS // 8), wait=WAIT, busy=BUSY,
                         inside=1)

    def elaborate(self, platform):
        m = super().elaborate(platform)
        dut = self.dut
        number, late = Signal(range(len(self.rom))), Signal(range(6))
        with m.If(dut.begin):
            m.d.sync += [number.eq(0), late.eq(0)]
        with m.Elif(dut.running & (late != self.start)):
            m.d.sync += late.eq(late + 1)
        with m.If(dut.given):
            m.d.sync += number.eq(Mux(number == len(self.rom) - 1, 0, number + 1))
        images = Array(Const(image, BITS) for image in self.rom)
        m.d.comb += Assert(dut.given == dut.offered, "an image of a run is given and not offered")
        m.d.comb += Assert(~dut.offered | (dut.image == images[number]),
                           "an image of a run is not the ROM's next")
        m.d.comb += Assert(~dut.running | (dut.offered == (dut.more & (late == self.start))),
                           "an image of a run is early, late or left out")
        return m


CLAIM = ("Requests: nothing is lost, doubled or changed, bits not in use are zeros, an image is "
         "offered until taken. Runs, each between two requests: the ROM's images in order from the "
         "first one on, one a cycle, as long as there are more to give")
PARAMETERS = f"{BITS} bits of which {len(USED)} are used"

PROOFS = [
    Proof("image-register", CLAIM, PARAMETERS + ", ROM of 3 images in logic",
          lambda: Runs([0x5a3, 0x0f6, 0x72d]),
          Fault("hw.serial.imageregister.ImageRegister._serialize",
                "with m.Elif(self.i.valid & ~waiting):", "with m.Elif(self.i.valid):"),
          ("ImageRegister",), short=True),
    Proof("image-register-block", CLAIM, PARAMETERS + ", ROM of 5 images in block RAM",
          lambda: Runs([0x5a3, 0x0f6, 0x72d, 0x40c, 0x2f1]),
          Fault("hw.serial.imageregister.ImageRegister._read_rom",
                "behind[0] if self.in_logic else self.running", "behind[0]"), ("ImageRegister",)),
]
