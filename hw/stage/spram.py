"""Weights in SPRAMs side by side: large memories of the UP5K that no bitstream can initialize."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out


__all__ = ["SPRAM_DEPTH", "SPRAM_WIDTH", "SpramWeights"]

SPRAM_DEPTH = 16384  # words
SPRAM_WIDTH = 16     # bits

# Contents of simulated memories before the load, so that a design that relies on zeros fails.
UNLOADED = 0x5aa5


class SpramWeights(wiring.Component):
    """Weights of a layer: loaded from a stream, then read step by step, again and again.

    The store takes a word in every cycle in which one is valid. After the last word the load begins
    anew, so that a failed load can be repeated. Words must not come while steps are made, because
    an SPRAM has one port. The weights of a step are at ``data`` in the cycle after it.

    Parameters
    ----------
    depth : int
        Steps, at most 16384.
    width : int
        Bits of a step.

    Members
    -------
    i : In(stream.Signature(16))
        The words of :func:`sw.line.words.load_words`.
    last : Out(1)
        The next word is the last one.
    loaded : Out(1)
        All words have come at least once.
    step : In(1)
        Read the weights of this step for the next cycle.
    data : Out(width)
        Weights of the last step.
    """

    def __init__(self, *, depth, width):
        if not 1 <= depth <= SPRAM_DEPTH:
            raise ValueError(f"Steps through an SPRAM must be in 1..{SPRAM_DEPTH}: {depth}")
        self.depth = depth
        self.width = width
        self.chips = -(-width // SPRAM_WIDTH)
        super().__init__({
            "i": In(stream.Signature(SPRAM_WIDTH)),
            "last": Out(1),
            "loaded": Out(1),
            "step": In(1),
            "data": Out(width),
        })

    def elaborate(self, platform):
        m = Module()
        address = Signal(range(self.depth))
        chip = Signal(range(self.chips))
        last_chip, last_step, advance = Signal(), Signal(), Signal()
        m.d.comb += last_chip.eq(chip == self.chips - 1)
        m.d.comb += last_step.eq(address == self.depth - 1)
        m.d.comb += self.last.eq(last_chip & last_step)
        m.d.comb += advance.eq(self.step | self.i.valid & last_chip)
        with m.If(advance):
            m.d.sync += address.eq(Mux(last_step, 0, address + 1))

        m.d.comb += self.i.ready.eq(1)
        with m.If(self.i.valid):
            m.d.sync += chip.eq(Mux(last_chip, 0, chip + 1))
            with m.If(self.last):
                m.d.sync += self.loaded.eq(1)

        output = Signal(data.ArrayLayout(SPRAM_WIDTH, self.chips))
        create = _primitive if getattr(platform, "family", None) == "iCE40" else _simulated
        for number in range(self.chips):
            write = Signal(name=f"write_{number}")
            m.d.comb += write.eq(self.i.valid & (chip == number))
            m.submodules[f"chip{number}"] = create(
                self.depth, address, write, self.i.payload, output[number])
        m.d.comb += self.data.eq(output.as_value())
        return m


def _primitive(depth, address, write, i_data, o_data):
    return Instance(
        "SB_SPRAM256KA", i_CLOCK=ClockSignal(), i_ADDRESS=Cat(address, C(0, 14))[:14],
        i_DATAIN=i_data, i_MASKWREN=C(0b1111, 4), i_WREN=write, i_CHIPSELECT=C(1),
        i_STANDBY=C(0), i_SLEEP=C(0), i_POWEROFF=C(1),  # POWEROFF is low-active
        o_DATAOUT=o_data)


def _simulated(depth, address, write, i_data, o_data):
    """Return a memory like the primitive; during a write it reads the old word instead of X."""
    m = Module()
    m.submodules.memory = rows = memory.Memory(shape=SPRAM_WIDTH, depth=depth,
                                               init=[UNLOADED] * depth)
    w_port, r_port = rows.write_port(), rows.read_port()
    m.d.comb += [w_port.addr.eq(address), w_port.data.eq(i_data), w_port.en.eq(write),
                 r_port.addr.eq(address), o_data.eq(r_port.data)]
    return m
