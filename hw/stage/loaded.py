"""Weights and constants that are written at run time: a step, or a pass, is written as a word."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .spram import SPRAM_WIDTH


__all__ = ["WeightWriter", "writer_resources"]


class WeightWriter(wiring.Component):
    """Collects words of 16 bits to the weights of a step, then to the constants of a pass.

    A word is taken in every cycle. A step or a pass is written a cycle after its last word. After
    the last word of all the load begins anew.

    Parameters
    ----------
    steps, width : int
        Steps, and bits of one.
    passes, constant_width : int
        Passes, and bits of one.

    Members
    -------
    i : In(stream.Signature(16))
        The words of :func:`sw.line.words.layer_words`.
    last : Out(1)
        The next word is the last one.
    row : Out(range(max(steps, passes)))
        Step or pass that is written.
    step_en, pass_en : Out(1)
        A step, or a pass, is written.
    step, constants : Out(width), Out(constant_width)
        Bits of the step, and of the pass, that is written.
    """

    def __init__(self, *, steps, width, passes, constant_width):
        self.steps, self.width = steps, width
        self.passes, self.constant_width = passes, constant_width
        self.chips = -(-width // SPRAM_WIDTH), -(-constant_width // SPRAM_WIDTH)
        self.rows = max(steps, passes)
        super().__init__({
            "i": In(stream.Signature(SPRAM_WIDTH)), "last": Out(1),
            "row": Out(range(self.rows)), "step_en": Out(1), "pass_en": Out(1),
            "step": Out(width), "constants": Out(constant_width),
        })

    def elaborate(self, platform):
        m = Module()
        most = max(self.chips)
        collected = Signal(most * SPRAM_WIDTH, reset_less=True)
        m.d.comb += self.i.ready.eq(1)
        with m.If(self.i.valid):
            m.d.sync += collected.eq(Cat(collected, self.i.payload)[SPRAM_WIDTH:])
        for value, chips in zip((self.step, self.constants), self.chips, strict=True):
            m.d.comb += value.eq(collected[(most - chips) * SPRAM_WIDTH:])

        # Where the next word belongs: to a pass or a step, in which row, at which place.
        of_passes, row, chip = Signal(), Signal(range(self.rows)), Signal(range(most))
        last_chip, last_row = Signal(), Signal()
        m.d.comb += last_chip.eq(chip == Mux(of_passes, self.chips[1] - 1, self.chips[0] - 1))
        m.d.comb += last_row.eq(row == Mux(of_passes, self.passes - 1, self.steps - 1))
        m.d.comb += self.last.eq(of_passes & last_chip & last_row)
        whole = Signal()
        m.d.comb += whole.eq(self.i.valid & last_chip)
        m.d.sync += [self.step_en.eq(whole & ~of_passes), self.pass_en.eq(whole & of_passes),
                     self.row.eq(row)]
        with m.If(self.i.valid):
            m.d.sync += chip.eq(Mux(last_chip, 0, chip + 1))
            with m.If(last_chip):
                m.d.sync += row.eq(Mux(last_row, 0, row + 1))
                with m.If(last_row):
                    m.d.sync += of_passes.eq(~of_passes)
        return m


def writer_resources(lanes, planes):
    """Return LUT4 and flip-flops of a writer, two int."""
    bits = lanes.pe * max(lanes.simd * planes, (lanes.layer.inputs + 1).bit_length())
    chips = -(-bits // SPRAM_WIDTH)
    return 60, chips * SPRAM_WIDTH + 40
