"""The accelerator with AXI4-Stream names and byte-aligned fields, for use in other designs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..stage.spram import SPRAM_WIDTH


__all__ = ["AxiAccelerator"]


def octets(bits):
    """Return the width of a field after padding to whole bytes, in bits."""
    return -(-bits // 8) * 8


class AxiAccelerator(wiring.Component):
    """An accelerator behind AXI4-Stream ports (ARM IHI 0051A), with their clock and reset.

    There is no ``tlast``, because an image is a fixed number of beats and an answer is one beat.
    Latency and throughput are those of the accelerator. Fields of ``tdata`` are padded to whole
    bytes.

    Parameters
    ----------
    accelerator : :class:`hw.accelerator.Accelerator`
        The accelerator.

    Members
    -------
    aclk : In(1)
        Clock.
    aresetn : In(1)
        Reset, active low, synchronous to ``aclk``.
    s_axis_tdata : In(octets(input_width))
        A beat of pixels, the first pixel lowest.
    s_axis_tvalid, s_axis_tready : In(1), Out(1)
        Handshake of the input.
    m_axis_tdata : Out(...)
        The label in the lowest byte, then the scores, each sign-extended to whole bytes, the score
        of the first class lowest.
    m_axis_tvalid, m_axis_tready : Out(1), In(1)
        Handshake of the output.
    s_axis_weights_tdata : In(16)
        Only if some layers have their weights in SPRAM, or loaded: the words ``accelerator.load``,
        in order. Weights in SPRAM come after each reset, and ``s_axis_tready`` stays low until the
        last word has come. No word may come while an image is inside.
    s_axis_weights_tvalid, s_axis_weights_tready : In(1), Out(1)
        Handshake of the weights. A word is taken in every cycle in which one is valid.
    """

    def __init__(self, accelerator):
        self.accelerator = accelerator
        network = accelerator.network
        self.label_width = octets((network.classes - 1).bit_length())
        self.score_width = octets(network.score_bits)
        super().__init__({
            "aclk": In(1),
            "aresetn": In(1),
            "s_axis_tdata": In(octets(accelerator.input_width)),
            "s_axis_tvalid": In(1),
            "s_axis_tready": Out(1),
            "m_axis_tdata": Out(self.label_width + network.classes * self.score_width),
            "m_axis_tvalid": Out(1),
            "m_axis_tready": In(1),
            **({"s_axis_weights_tdata": In(SPRAM_WIDTH), "s_axis_weights_tvalid": In(1),
                "s_axis_weights_tready": Out(1)} if accelerator.loaded else {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = sync = ClockDomain(local=True)
        m.d.comb += sync.clk.eq(self.aclk)
        m.d.comb += sync.rst.eq(~self.aresetn)
        m.submodules.accelerator = accelerator = self.accelerator

        m.d.comb += accelerator.i.payload.eq(self.s_axis_tdata)
        m.d.comb += accelerator.i.valid.eq(self.s_axis_tvalid)
        m.d.comb += self.s_axis_tready.eq(accelerator.i.ready)

        answer = accelerator.o.payload
        m.d.comb += self.m_axis_tdata[:self.label_width].eq(answer.label)
        for index in range(accelerator.network.classes):
            place = self.label_width + index * self.score_width
            m.d.comb += self.m_axis_tdata[place:place + self.score_width].eq(answer.scores[index])
        m.d.comb += self.m_axis_tvalid.eq(accelerator.o.valid)
        m.d.comb += accelerator.o.ready.eq(self.m_axis_tready)

        if accelerator.loaded:
            m.d.comb += accelerator.weights.payload.eq(self.s_axis_weights_tdata)
            m.d.comb += accelerator.weights.valid.eq(self.s_axis_weights_tvalid)
            m.d.comb += self.s_axis_weights_tready.eq(accelerator.weights.ready)
        return m
