# amaranth: UnusedElaboratable=no
"""Sliding window and lanes together: a convolution against a plain loop; estimates."""

import json
from collections import Counter

import numpy as np
import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from hw.plan.area import Resources
from hw.stage.integermvtu import IntegerMVTU
from hw.stage.labelselect import LabelSelect
from hw.stage.mvtu import MVTU
from hw.stage.scoresums import ScoreSums
from hw.stage.sharedmvtu import SharedMVTU
from hw.stage.slidingwindow import SlidingWindow
from hw.stream.credit import Dataflow
from hw.synthesis.netlist import synthesize
from sim.model.networks import random_layer
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerConv2d

from ...networks import random_scores2d
from .test_integermvtu import integer_layer
from .test_slidingwindow import conv, ref_windows, words_of


def random_conv(rng, shape, made, *, bits=None, **options):
    """Return a convolution of random weights, 3 × 3, whose neurons waver."""
    height, width, channels = shape
    weights = rng.choice(np.array([-1, 1], np.int8), (made, 3, 3, channels))
    if bits:
        return IntegerConv2d("conv", weights, rng.integers(-200, 200, made).astype(np.int32),
                             height, width, input_bits=bits, **options)
    thresholds = 9 * channels // 2 + rng.integers(-2, 3, made)
    return Conv2d("conv", weights, thresholds.astype(np.int32), height, width, **options)


def ref_conv(layer, image):
    """Return the outputs of a layer, a list of bits a window, by plain sums."""
    rows = layer.weights.reshape(len(layer.weights), -1).astype(np.int64)
    for window in ref_windows(layer, image):
        values = np.array(window, np.int64)
        if layer.taken_bits > 1:
            yield (rows @ values >= layer.thresholds).astype(int).tolist()
        else:
            sums = rows @ (2 * values - 1)
            yield (sums + rows.shape[1] >= 2 * layer.thresholds).astype(int).tolist()


def lanes_of(layer, **options):
    if layer.taken_bits > 1:
        return IntegerMVTU(layer.dense, **options)
    if "positions" in options:
        return SharedMVTU(layer.dense, vectors=layer.vectors, **options)
    return MVTU(layer.dense, **options)


CASES = {
    "one position": ((5, 6, 4), 6, {"padding": 1, "pad_bit": 1}, {"pe": 2, "simd": 4}),
    "four positions": ((5, 6, 4), 8, {"padding": 1}, {"pe": 2, "simd": 4, "positions": 4}),
    "a last word filled up": ((4, 5, 4), 6, {"padding": 1}, {"pe": 2, "simd": 8, "positions": 3}),
    "stride": ((7, 7, 2), 6, {"stride": 2}, {"pe": 3, "simd": 6, "positions": 2}),
    "integers": ((6, 6, 3), 6, {"bits": 8, "padding": 1, "pad_value": 9}, {"pe": 3, "simd": 9}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_convolution_gives_every_position(name):
    shape, made, options, lanes = CASES[name]
    rng = np.random.default_rng(4)
    layer = random_conv(rng, shape, made, **options)
    window = SlidingWindow(layer, simd=lanes["simd"])
    unit = lanes_of(layer, **lanes)
    images = rng.integers(2**layer.taken_bits, size=(5, *shape))
    words = [word for image in images
             for word in words_of(image.ravel(), layer.taken_bits, window.word)]
    want = [word for image in images for outputs in ref_conv(layer, image)
            for word in words_of(outputs, 1, unit.pe)]
    assert len(set(want)) > 2
    dut = Dataflow({"window": window, "lanes": unit})
    got, cycles = [], []

    async def feed(ctx):
        for word in words:
            ctx.set(dut.i.payload, word)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)

    async def read(ctx):
        ctx.set(dut.o.ready, 1)
        cycle = 0
        while len(got) < len(want):
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            cycle += 1
            if valid:
                got.append(payload)
                cycles.append(cycle)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.add_testbench(read)
    sim.run_until(0.1)
    assert got == want
    ends = np.diff(cycles[layer.vectors * unit.passes - 1::layer.vectors * unit.passes])
    interval = getattr(unit, "image_interval", layer.vectors * unit.interval)
    assert set(ends[2:]) == {max(interval, window.interval)}


def cells_of(component, family, folder):
    """Return the LUT4, or logic cells, the flip-flops and the block RAMs of a netlist."""
    netlist = json.loads(synthesize(component, family, folder).read_text())
    cells = netlist["modules"]["top"]["cells"].values()
    kinds = Counter(cell["type"] for cell in cells)
    if family == "ecp5":
        return Resources(kinds["LUT4"] + 2 * kinds["CCU2C"] + 4 * kinds["TRELLIS_DPR16X4"],
                         kinds["TRELLIS_FF"], kinds["DP16KD"])
    readers = Counter(bit for cell in cells for port, bits in cell["connections"].items()
                      if cell["port_directions"][port] == "input" for bit in bits)
    made = {cell["connections"]["O"][0] for cell in cells if cell["type"] == "SB_LUT4"}
    flops = [cell["connections"]["D"][0] for cell in cells if cell["type"].startswith("SB_DFF")]
    alone = sum(bit not in made or readers[bit] > 1 for bit in flops)
    return Resources(kinds["SB_LUT4"] + alone, len(flops), kinds["SB_RAM40_4K"])


class Below(wiring.Component):
    """A stage below a top module.

    Yosys' ABC9 gives two cells one name where the rings of ScoreSums are the top of a design for
    iCE40: "Assert `count_id(cell->name) == 0'", YosysHQ/yosys issue 4451.
    """

    def __init__(self, stage):
        self.stage = stage
        super().__init__({"i": In(stage.i.signature.flip()), "o": Out(stage.o.signature)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.stage = self.stage
        wiring.connect(m, wiring.flipped(self.i), self.stage.i)
        wiring.connect(m, self.stage.o, wiring.flipped(self.o))
        return m


UNITS = {
    "window": lambda: SlidingWindow(conv(16, 16, 96, (3, 3), padding=1), simd=32),
    "window, filled up": lambda: SlidingWindow(conv(8, 8, 32, (3, 3), padding=1), simd=64),
    "shared": lambda: SharedMVTU(random_layer(48, 288), pe=4, simd=16, positions=4, vectors=64,
                                 rom="registered"),
    "label select": lambda: LabelSelect(10, 9, pe=5, queued=False),
    "sums of scores": lambda: ScoreSums(random_scores2d(
        np.random.default_rng(1), 10, (4, 4, 64)), pe=2),
    "integers": lambda: IntegerMVTU(integer_layer(32, 27, 8), pe=4, simd=9, rom="distributed"),
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_estimates_are_within_15_percent(name, family, tmp_path):
    unit = UNITS[name]()
    made = cells_of(Below(unit) if isinstance(unit, ScoreSums) else unit, family, tmp_path)
    estimate, = unit.resources("unit", family, {}).values()
    assert 0.85 < estimate.lut4 / made.lut4 < 1.15
    assert 0.85 < estimate.ff / made.ff < 1.15
    assert abs(estimate.block_ram - made.block_ram) <= 1
