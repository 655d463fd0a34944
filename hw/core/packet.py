"""The accelerator with AXI4-Stream ports that mark the ends of images and which bytes are there."""

from math import ceil

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .axi import AxiAccelerator
from .port import join_ports


__all__ = ["PacketAccelerator"]


class PacketAccelerator(wiring.Component):
    """An accelerator behind AXI4-Stream ports with ``tlast`` and ``tkeep``.

    An image is a packet: its last beat has ``tlast``. An answer is a packet of one beat. Images are
    counted by their beats alone, so a ``tlast`` in another beat moves no image. A beat with a
    ``tlast`` that is missing or too many, or a ``tkeep`` that leaves out a byte of pixels, sets
    ``misaligned`` until the next reset: answers since then may be of wrong images. Latency and
    throughput are those of the accelerator.

    Parameters
    ----------
    accelerator
        As of an :class:`hw.core.axi.AxiAccelerator`.

    Members
    -------
    s_axis_tlast : In(1)
        The beat is the last one of its image.
    s_axis_tkeep : In(bytes of s_axis_tdata)
        Which bytes there are: all, but in an image's last beat only those with pixels must be.
    m_axis_tlast, m_axis_tkeep : Out
        Always ones.
    misaligned : Out(1)
        An image had another number of beats, or bytes were left out.
    aclk, aresetn, s_axis_tdata, m_axis_tdata, ...
        As of an AxiAccelerator.
    """

    def __init__(self, accelerator):
        self.accelerator = accelerator
        self.axi = AxiAccelerator(accelerator)
        inner = self.axi.signature.members
        width, self.beats = accelerator.input_width, accelerator.beats
        self.octets = inner["s_axis_tdata"].shape // 8
        bits = accelerator.network.inputs * accelerator.network.pixel_bits
        self.last_octets = ceil((bits - (self.beats - 1) * width) / 8)
        super().__init__({
            **dict(inner.items()),
            "s_axis_tlast": In(1),
            "s_axis_tkeep": In(self.octets),
            "m_axis_tlast": Out(1),
            "m_axis_tkeep": Out(inner["m_axis_tdata"].shape // 8),
            "misaligned": Out(1),
        })

    @property
    def label_width(self):
        return self.axi.label_width

    @property
    def score_width(self):
        return self.axi.score_width

    def elaborate(self, platform):
        m = Module()
        m.submodules.axi = axi = self.axi
        join_ports(m, axi, self, axi.signature.members)
        m.d.comb += [self.m_axis_tlast.eq(1), self.m_axis_tkeep.eq(~0)]

        # Count the beats of an image, and compare.
        m.domains.packet = packet = ClockDomain(local=True)
        m.d.comb += [packet.clk.eq(self.aclk), packet.rst.eq(~self.aresetn)]
        last, there, taken = Signal(), Signal(self.octets), Signal()
        m.d.comb += taken.eq(self.s_axis_tvalid & self.s_axis_tready)
        m.d.comb += there.eq(Mux(last, 2**self.last_octets - 1, 2**self.octets - 1))
        if self.beats == 1:
            m.d.comb += last.eq(1)
        else:
            beat = Signal(range(self.beats))
            m.d.comb += last.eq(beat == self.beats - 1)
            with m.If(taken):
                m.d.packet += beat.eq(Mux(last, 0, beat + 1))
        with m.If(taken & ((self.s_axis_tlast != last) | (there & ~self.s_axis_tkeep).any())):
            m.d.packet += self.misaligned.eq(1)
        return m
