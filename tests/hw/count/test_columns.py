"""hw.count.columns: plans over columns and their hardware against plain counting."""

import random
import subprocess

import pytest
from amaranth import Cat, Module, Signal
from amaranth.back import rtlil
from amaranth.sim import Simulator

from hw.count.columnplan import ONE, plan_columns
from hw.count.columns import build_columns
from hw.count.columnsearch import State, search
from hw.count.popcount import Delays
from hw.count.slot import Slot, slot_table, units
from hw.synthesis.netlist import Family
from hw.synthesis.verilog import find_yosys


def computed(plan, bits):
    """Return what a plan makes of bits, by its own arithmetic."""
    nodes = dict(enumerate(bits)) | {ONE: 1, None: 0}
    for parities, chains in plan.steps:
        made = {parity.result: sum(nodes[node] for node in parity.nodes) & 1
                for parity in parities}
        for chain in chains:
            carry = nodes[chain.carried]
            for place in chain.places:
                total = (carry + sum(nodes[node] for node in place.plain)
                         + sum(nodes[node] for node in place.group) // 2)
                made[place.result], carry = total & 1, total >> 1
            made[chain.overflow] = carry
        nodes |= made | {None: 0}
    return sum(nodes[node] << place for place, node in enumerate(plan.outputs))


def vectors_of(count, rng, most=40):
    if count <= 8:
        return list(range(2**count))
    return [0, 2**count - 1, *(rng.getrandbits(count) & rng.getrandbits(count) if odd else
                               rng.getrandbits(count) | rng.getrandbits(count)
                               for odd in [0, 1] * (most // 2))]


def check(cases, levels):
    """Simulate counts that share chains and registers: (count, constant, width) each."""
    rng = random.Random(1)
    plans = [plan_columns(count, levels, constant, width) for count, constant, width in cases]
    m = Module()
    inputs = [Signal(count) for count, _, _ in cases]
    counts = [(list(bits), plan) for bits, plan in zip(inputs, plans, strict=True)]
    results = []
    for values in build_columns(Delays(m, "wait"), counts, None, levels=levels):
        results.append(Signal(len(values)))
        m.d.comb += results[-1].eq(Cat(*values))
    tick = Signal()
    m.d.sync += tick.eq(~tick)  # a clock even where the plan needs none
    vectors = [vectors_of(count, rng) for count, _, _ in cases]
    depth = max(plan.depth for plan in plans)
    length = max(map(len, vectors)) + depth
    seen = []

    async def bench(ctx):
        for index in range(length):
            for signal, some in zip(inputs, vectors, strict=True):
                ctx.set(signal, some[index % len(some)])
            await ctx.delay(1e-9)
            seen.append([ctx.get(result) for result in results])
            await ctx.tick()

    sim = Simulator(m)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    for place, (plan, (count, constant, width)) in enumerate(zip(plans, cases, strict=True)):
        for index in range(length - depth):
            vector = vectors[place][index % len(vectors[place])]
            want = (vector.bit_count() + constant) % 2**(width or count.bit_length())
            assert seen[index + plan.depth][place] == want, (count, constant, width, vector)


@pytest.mark.parametrize("levels", [1, 2, 99])
def test_counts_of_up_to_eight_bits_are_exact_for_all_inputs(levels):
    check([(count, 0, None) for count in range(1, 9)], levels)


@pytest.mark.parametrize("first", range(9, 71, 31))
@pytest.mark.parametrize(("levels", "every"), [(1, 1), (3, 6)])
def test_counts_are_exact(first, levels, every):
    check([(count, 0, None) for count in range(first, first + 31, every)], levels)


def test_large_counts_with_constants_are_exact():
    check([(count, -(count + 1) // 2, None) for count in (75, 100, 128, 140, 400)], 1)


@pytest.mark.parametrize("constant", [1, 5, -1, -3, 200, -200])
def test_a_constant_is_added_modulo_the_width(constant):
    check([(count, constant, width) for count in (1, 2, 5, 8, 15) for width in (None, 6, 12)], 1)


@pytest.mark.parametrize("constant", [0, 1, -7, 1000])
def test_plans_add_up(constant):
    rng = random.Random(constant)
    for count in [*range(1, 71), 140, 400]:
        plan = plan_columns(count, 1, constant, 14)
        for vector in vectors_of(count, rng, 10)[-10:]:
            bits = [vector >> place & 1 for place in range(count)]
            assert computed(plan, bits) == (vector.bit_count() + constant) % 2**14, count


@pytest.mark.parametrize(("count", "levels", "constant", "width"), [
    (587, 3, -1056, 14), (2000, 1, -1000, 13), (700, 3, -350, 10)])
def test_a_constant_1_beside_a_last_bit_does_not_stop_the_search(count, levels, constant, width):
    plan = plan_columns(count, levels, constant, width)
    for vector in vectors_of(count, random.Random(count), 6):
        bits = [vector >> place & 1 for place in range(count)]
        assert computed(plan, bits) == (vector.bit_count() + constant) % 2**width, hex(vector)


def test_chains_start_in_the_first_column_of_two_bits():
    state = State((1, 1, 4), (1, 0, 0))
    assert (state.lowest, state.first, state.is_last) == (0, 2, False)
    assert search(state, 1)[0] == (state, 1, False)


def test_plans_take_few_luts():
    """Without the ends of chains, of which ten counts share about one in thirty positions."""
    assert {count: plan_columns(count, 1).luts for count in (6, 16, 32, 48, 60, 75, 140, 400)} == {
        6: 7, 16: 19, 32: 37, 48: 54, 60: 68, 75: 86, 140: 164, 400: 477}


def test_the_constant_of_a_score_is_almost_free():
    """An adder of its own took a LUT4 for each bit of a score, 8 to 10."""
    more = [plan_columns(count, 1, -((count + 1) // 2)).luts - plan_columns(count, 1).luts
            for count in range(60, 141)]
    assert max(more) <= 5
    assert sum(more) < len(more)


def sums(table, order, values, carry):
    """Return sum and carry of half a CCU2C, as Yosys' cells_sim.v has them."""
    pins = [values[bit] for bit in order]
    pins += [0] * (3 - len(pins)) + [1] * (len(pins) < 4)
    lut = table >> sum(pin << place for place, pin in enumerate(pins)) & 1
    return lut ^ carry, carry if lut else table >> (pins[0] + 2 * pins[1]) & 1


@pytest.mark.parametrize("slot", [
    Slot(), Slot("a"), Slot("ab"), Slot("a", "bcd"), Slot("", "abcd"),
    Slot("", "abcd", ones=(0, 1)), Slot("", "abc", ones=(0, 1)), Slot("a", ones=(1, 0)),
    Slot("ab", inverted=(False, True)), Slot("ab", inverted=(True, False)), Slot("a", "bc"),
    Slot("", "ab")],
    ids=lambda slot: str(slot.shape))
def test_a_position_adds_its_units(slot):
    table, order = slot_table(*slot.shape)
    bits = len(slot.plain) + len(slot.group)
    for word in range(2**bits):
        values = [word >> place & 1 for place in range(bits)]
        for carry in (0, 1):
            total, above = sums(table, order, values, carry)
            assert total + 2 * above == units(values, slot.inverted, slot.ones) + carry


def test_a_position_of_five_bits_is_refused():
    with pytest.raises(ValueError, match=r"^Position of a carry chain must be a half of a CCU2C: "
                                         r"1 bits, 4 in pairs, \(0, 0\) constant$"):
        slot_table((False,), 4, (0, 0), False)


LUT2 = """
    module LUT2(input A, B, output Z);
        parameter [3:0] INIT = 0;
        assign Z = INIT[{B, A}];
    endmodule
    module LUT4(input A, B, C, D, output Z);
        parameter [15:0] INIT = 0;
        assign Z = INIT[{D, C, B, A}];
    endmodule
"""


@pytest.mark.parametrize("flaw", [False, True])
def test_chains_of_primitives_compute_the_same(flaw, tmp_path):
    """Cells as yosys' library defines them against plain sums of all inputs, by SAT.

    What comes into a chain is left open: it must not matter.
    """
    cases = [(15, 0, 4), (7, 9, 4), (19, -10, 5)]
    m = Module()
    bits = Signal(41)
    result = Signal(13)
    wires, counts = list(bits), []
    for count, constant, width in cases:
        counts.append((wires[:count], plan_columns(count, 99, constant, width)))
        wires = wires[count:]
    m.d.comb += result.eq(Cat(*(Cat(*values) for values in build_columns(
        Delays(m, "wait"), counts, Family("ecp5"), levels=99))))
    made = rtlil.convert(m, name="made", ports=[bits, result])
    assert "CCU2C" in made
    (tmp_path / "made.il").write_text(made)
    (tmp_path / "luts.v").write_text(LUT2)
    ones = [" + ".join(f"bits[{place}]" for place in places)
            for places in (range(15), range(15, 22), range(22, 41))]
    (tmp_path / "wanted.v").write_text(f"""
        module wanted(input [40:0] bits, output [12:0] result);
            wire [4:0] zero = 0;
            assign result[3:0] = zero + {ones[0]};
            assign result[7:4] = zero + {ones[1]} + 5'd{8 if flaw else 9};
            assign result[12:8] = zero + {ones[2]} - 5'd10;
        endmodule""")
    script = ("read_verilog +/ecp5/ccu2c_sim.vh luts.v; read_rtlil made.il; hierarchy -top made; "
              "proc; flatten; read_verilog wanted.v; proc; "
              "miter -equiv -flatten -make_assert made wanted miter; "
              "sat -verify -prove-asserts miter")
    done = subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode == 0) is not flaw, done.stdout
    assert ("proof did fail" in done.stdout) is flaw, done.stdout
