"""hw.count.count_ice40: counts against plain counting, its cells against the estimate."""

import random
import subprocess

import pytest
from amaranth import Cat, Module, Signal
from amaranth.back import rtlil, verilog
from amaranth.sim import Simulator

from hw.count.count_ice40 import at_least, cells, count_on_chain, depth
from hw.count.popcount import Delays
from hw.synthesis.verilog import find_yosys


MODELS = """
    module SB_CARRY(input I0, I1, CI, output CO);
        assign CO = I0 & I1 | CI & (I0 | I1);
    endmodule
    module SB_LUT4 #(parameter LUT_INIT = 0) (input I0, I1, I2, I3, output O);
        assign O = LUT_INIT >> {I3, I2, I1, I0};
    endmodule"""


def counter(count, inverted=None, every=99, family=None):
    m = Module()
    bits = Signal(count, name="bits")
    number = Signal(count.bit_length(), name="number")
    m.d.comb += number.eq(Cat(*count_on_chain(Delays(m, "wait"), list(bits), "count", every=every,
                                              inverted=inverted, family=family)))
    return m, bits, number


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 8, 31, 64])
@pytest.mark.parametrize("every", [1, 2, 99])
def test_hardware_counts_depth_cycles_later(count, every):
    rng = random.Random(count)
    mask = rng.getrandbits(count)
    m, bits, number = counter(count, [bool(mask >> place & 1) for place in range(count)], every)
    tick = Signal()
    m.d.sync += tick.eq(~tick)  # a clock even where there is no register
    words = range(2**count) if count < 7 else [0, 2**count - 1, *(rng.getrandbits(count)
                                                                  for _ in range(100))]
    latency = depth(count, every)
    seen = []

    async def bench(ctx):
        for word in [*words, *[0] * latency]:
            ctx.set(bits, word)
            await ctx.delay(1e-9)
            seen.append(ctx.get(number))
            await ctx.tick()

    sim = Simulator(m)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    assert seen[latency:] == [(word ^ mask).bit_count() for word in words]


@pytest.mark.parametrize("count", [3, 7, 15, 31, 48, 128])
def test_cells_are_as_many_as_estimated(count):
    m, bits, number = counter(count, family="ice40")
    text = rtlil.convert(m, ports=[bits, number])
    carries, luts = text.count("cell \\SB_CARRY "), text.count("cell \\SB_LUT4 ")
    assert luts == cells(count)
    assert carries <= luts


def test_primitives_count(tmp_path, monkeypatch):
    """Primitives as their vendor defines them against plain counting of all inputs, by SAT."""
    m, bits, number = counter(7, [True, False, True, True, False, False, False], family="ice40")
    monkeypatch.setenv("YOSYS", find_yosys())
    (tmp_path / "made.v").write_text(verilog.convert(m, name="made", ports=[bits, number]))
    (tmp_path / "models.v").write_text(MODELS)
    (tmp_path / "wanted.v").write_text("""
        module wanted(input [6:0] bits, output [2:0] number);
            wire [6:0] a = bits ^ 7'b0001101;
            assign number = a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6];
        endmodule""")
    script = ("read_verilog models.v made.v; hierarchy -top made; flatten; "
              "read_verilog wanted.v; proc; miter -equiv -flatten -make_assert made wanted miter; "
              "sat -verify -prove-asserts miter")
    subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, check=True, timeout=120)


@pytest.mark.parametrize(("width", "threshold"), [(1, 1), (3, 5), (4, 8), (5, 16), (6, 33), (8, 77),
                                                  (8, 128)])
def test_at_least_compares_all_numbers(width, threshold):
    m = Module()
    number, answer = Signal(width), Signal()
    m.d.comb += answer.eq(at_least(m, list(number), threshold, "least"))

    async def bench(ctx):
        for value in range(2**width):
            ctx.set(number, value)
            await ctx.delay(1e-9)
            assert ctx.get(answer) == (value >= threshold), value

    sim = Simulator(m)
    sim.add_testbench(bench)
    sim.run()
