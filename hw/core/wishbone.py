"""The accelerator on a Wishbone B4 bus, classic or pipelined, with registers and an interrupt."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from sw.line.load import KEY, encode_words

from ..serial.loader import WeightLoader
from ..stage.load import load_shape
from ..stream.width import WidthConverter
from .port import join_ports
from .register import ADDRESS_BITS, WORD, words_of
from .registerfile import LOADER, RegisterFile


__all__ = ["ACCESS_CYCLES", "BUS", "WishboneAccelerator", "WishbonePort", "room_for"]

IDENTITY_OCTETS = 32
ACCESS_CYCLES = {False: 2, True: 1}  # of an access to a classic, and to a pipelined bus
LEAST_ROOM, MOST_ROOM = 14, 2046  # words of pixels in the queue; with its spare ones a power of 2

# Signals of the bus, on the slave's side (Wishbone B4, rule 3.40). Addresses are of words.
BUS = {
    "cyc_i": In(1), "stb_i": In(1), "we_i": In(1), "adr_i": In(ADDRESS_BITS), "dat_i": In(WORD),
    "sel_i": In(WORD // 8), "dat_o": Out(WORD), "ack_o": Out(1), "stall_o": Out(1),
}


def room_for(words):
    """Return the words of pixels that the queue of an accelerator holds: an image, in bounds."""
    return min(max((1 << (words + 1).bit_length()) - 2, LEAST_ROOM), MOST_ROOM)


class WishbonePort(wiring.Component):
    """Registers on a Wishbone bus.

    Classic: the cycle is answered once, a cycle after its ``stb_i``, and never without ``stb_i``;
    ``stall_o`` is low in the cycle of the answer only, so that a standard master of a pipelined bus
    works too. Pipelined: a request a cycle, answered in the next one. In both, a word of weights
    waits up to 4 cycles for the one before it. A master that ends ``cyc_i`` early gets no answer;
    what it asked for is done or not.

    Parameters
    ----------
    pipelined : bool
        Whether the bus is pipelined.
    registers
        Parameters of the :class:`hw.core.registerfile.RegisterFile`.

    Members
    -------
    cyc_i, stb_i, we_i, adr_i, dat_i, sel_i, dat_o, ack_o, stall_o
        The bus.
    interrupt, words, answers, load
        As of the registers.
    """

    def __init__(self, *, pipelined, **registers):
        self.pipelined = pipelined
        self.registers = RegisterFile(**registers)
        super().__init__({
            **BUS, "interrupt": Out(1),
            "words": Out(stream.Signature(WORD)),
            "answers": In(stream.Signature(self.registers.result)),
            **({"load": Out(LOADER)} if self.registers.loads else {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = self.registers
        connect(m, registers.words, flipped(self.words))
        connect(m, flipped(self.answers), registers.answers)
        if registers.loads:
            connect(m, registers.load, flipped(self.load))
        m.d.comb += [registers.write.eq(self.we_i), registers.whole.eq(self.sel_i.all()),
                     registers.address.eq(self.adr_i), registers.w_data.eq(self.dat_i),
                     self.dat_o.eq(registers.r_data), self.interrupt.eq(registers.interrupt)]

        asked, answer = Signal(), Signal()
        m.d.comb += asked.eq(self.cyc_i & self.stb_i)
        m.d.comb += registers.ask.eq(asked)
        m.d.sync += answer.eq(registers.access)
        if self.pipelined:
            m.d.comb += self.stall_o.eq(registers.wait)
            m.d.comb += registers.access.eq(asked & ~registers.wait)
            m.d.comb += self.ack_o.eq(answer & self.cyc_i)
        else:
            m.d.comb += registers.access.eq(asked & ~registers.wait & ~answer)
            m.d.comb += self.ack_o.eq(answer & asked)
            m.d.comb += self.stall_o.eq(asked & ~self.ack_o)
        return m


class WishboneAccelerator(wiring.Component):
    """An accelerator behind a Wishbone B4 bus, with clock and reset of the bus.

    Throughput is that of the accelerator or of the bus, which takes the words of an image one
    after the other.

    Parameters
    ----------
    accelerator : :class:`hw.accelerator.Accelerator`
        The accelerator.
    pipelined : bool
        Whether the bus is pipelined.

    Members
    -------
    clk_i, rst_i : In(1)
        Clock; reset, active high, synchronous.
    cyc_i, stb_i, we_i, adr_i, dat_i, sel_i, dat_o, ack_o, stall_o
        As of a :class:`WishbonePort`.
    interrupt_o : Out(1)
        Interrupt, while a condition of the register INTERRUPT holds.
    """

    def __init__(self, accelerator, *, pipelined=False):
        self.accelerator = accelerator
        self.pipelined = pipelined
        network = accelerator.network
        self.words = words_of(network)
        self.room = room_for(self.words)
        self.shape = self.loader = None
        if accelerator.loaded:
            if accelerator.preset:
                self.shape = load_shape(accelerator, IDENTITY_OCTETS)
            self.loader = WeightLoader(
                key=self.shape.key if self.shape else bytes.fromhex(network.identity)[:KEY],
                words=len(accelerator.load), text=IDENTITY_OCTETS, preset=accelerator.preset)
        self.port = WishbonePort(
            pipelined=pipelined, words=self.words, result=accelerator.o.payload.shape(),
            identity=network.identity, room=self.room, loads=bool(accelerator.loaded))
        super().__init__({"clk_i": In(1), "rst_i": In(1), **BUS, "interrupt_o": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain(local=True)
        m.d.comb += [sync.clk.eq(self.clk_i), sync.rst.eq(self.rst_i)]
        m.submodules.port = port = self.port
        m.submodules.accelerator = accelerator = self.accelerator
        network = accelerator.network
        m.submodules.beats = beats = WidthConverter(
            bits=network.inputs * network.pixel_bits, i_width=WORD,
            o_width=accelerator.input_width)
        join_ports(m, port, self, BUS)
        m.d.comb += self.interrupt_o.eq(port.interrupt)
        connect(m, port.words, beats.i)
        connect(m, beats.o, accelerator.i)
        connect(m, accelerator.o, port.answers)
        if self.loader:
            m.submodules.loader = loader = self.loader
            connect(m, loader.weights, accelerator.weights)
            m.d.comb += [loader.begin.eq(port.load.begin), port.load.active.eq(loader.active),
                         port.load.whole.eq(loader.whole), port.load.refused.eq(loader.refused),
                         port.load.text.eq(loader.text), port.load.text_index.eq(loader.text_index),
                         port.load.text_valid.eq(loader.text_valid)]
            connect(m, port.load.octets, loader.octets)
        return m

    def load_file(self):
        """Return the octets that load the accelerator's own network, as whole words of the bus."""
        network = self.accelerator.network
        octets = encode_words(self.loader.key, self.accelerator.load,
                              bytes.fromhex(network.identity))
        return octets + bytes(-len(octets) % 4)
