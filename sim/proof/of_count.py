"""Proofs of popcount and threshold: every form of it, in either family, against a plain sum."""

from types import SimpleNamespace

from amaranth import Cat, Const, Elaboratable, Module, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert

from hw.count.carry import Bit
from hw.count.columnplan import plan_columns
from hw.count.columns import build_columns
from hw.count.count_ice40 import at_least, count_on_chain
from hw.count.count_ice40 import depth as chain_depth
from hw.count.popcount import Delays, count_bits, plan_count
from hw.count.tree import build_trees
from hw.count.treeplan import plan_tree
from hw.count.truth import fire

from .harness import Fault, Proof


__all__ = ["PROOFS"]

ECP5 = SimpleNamespace(family="ecp5")
ICE40_MODELS = ("""
module SB_LUT4(input I0, I1, I2, I3, output O);
    parameter [15:0] LUT_INIT = 0;
    assign O = LUT_INIT[{I3, I2, I1, I0}];
endmodule
module SB_CARRY(input I0, I1, CI, output CO);
    assign CO = (I0 & I1) | ((I0 | I1) & CI);
endmodule
""",)
ECP5_MODELS = ("+/ecp5/ccu2c_sim.vh", """
module LUT4(input A, B, C, D, output Z);
    parameter [15:0] INIT = 0;
    assign Z = INIT[{D, C, B, A}];
endmodule
module LUT2(input A, B, output Z);
    parameter [3:0] INIT = 0;
    assign Z = INIT[{B, A}];
endmodule
""")
EVERY_THIRD = 3  # so many inputs are upright for one that is inverted


class Counting(Elaboratable):
    """Logic that counts or compares, and the sum that it must equal.

    Parameters
    ----------
    count : int
        Inputs.
    threshold : int or None
        Of a comparison.
    make : callable
        Takes the registers, the inputs, whether each is inverted and the platform; returns the
        result's bits.
    delay : int
        Cycles from inputs to result.
    constant : int
        Number that is added to the count, modulo a power of two.
    """

    def __init__(self, count, threshold, make, delay, constant=0):
        self.count = count
        self.threshold = threshold
        self.make = make
        self.delay = delay
        self.constant = constant

    def elaborate(self, platform):
        m = Module()
        bits = Signal(self.count)
        inverted = [place % EVERY_THIRD == 1 for place in range(self.count)]
        m.d.comb += bits.eq(AnySeq(self.count))
        result = Cat(*self.make(Delays(m, "wait"), list(bits), inverted, platform))
        total = sum((bit ^ invert for bit, invert in zip(bits, inverted, strict=True)), Const(0))
        if self.constant:
            total = total + self.constant
        wanted = Signal(self.count.bit_length() if self.threshold is None else 1)
        m.d.comb += wanted.eq(total if self.threshold is None else total >= self.threshold)
        age = Signal(range(self.delay + 1))  # until what was there at the start is out
        with m.If(age != self.delay):
            m.d.sync += age.eq(age + 1)
        late = Delays(m, "late").delay(wanted, self.delay)
        m.d.comb += Assert((age != self.delay) | (result == late),
                           "the count is not the sum" if self.threshold is None
                           else "the answer is not that of the sum")
        if not self.delay:
            tick = Signal()  # a clock even where there is no register
            m.d.sync += tick.eq(~tick)
        return m


def adders(count, levels, threshold):
    plan = plan_count(count, levels, threshold)

    def make(delays, bits, inverted, platform):
        return count_bits(delays, [bit ^ flip for bit, flip in zip(bits, inverted, strict=True)],
                          plan)

    return make, plan.depth


def tree(count, levels, threshold):
    plan = plan_tree(count, levels, threshold)

    def make(delays, bits, inverted, platform):
        pairs = [Bit(*pair) for pair in zip(bits, inverted, strict=True)]
        return build_trees(delays, [(pairs, plan)], platform)[0]

    return make, plan.depth


def columns(constant):
    def plan(count, levels, threshold):
        planned = plan_columns(count, levels, constant)

        def make(delays, bits, inverted, platform):
            wires = list(Cat(*(bit ^ flip for bit, flip in zip(bits, inverted, strict=True))))
            return build_columns(delays, [(wires, planned)], platform, levels=levels)[0]

        return make, planned.depth
    return plan


def table(family):
    def plan(count, levels, threshold):
        def make(delays, bits, inverted, platform):
            return [fire(delays.m, bits, threshold, "fire", inverted=inverted, family=family)]
        return make, 0
    return plan


def chain(count, levels, threshold):
    def make(delays, bits, inverted, platform):
        number = count_on_chain(delays, bits, "count", every=levels, inverted=inverted,
                                family="ice40")
        return number if threshold is None else [at_least(delays.m, number, threshold, "fires",
                                                          "ice40")]
    return make, chain_depth(count, levels)


def count_proof(name, form, words, count, levels, threshold, fault, *, constant=0, **others):
    make, delay = form(count, levels, threshold)
    what = f"count of {count} bits" if threshold is None else (
        f"{count} bits, at least {threshold}")
    if constant:
        what += f" and {constant}"
    return Proof(name, f"For all inputs, a third of them inverted, {words} equals the plain "
                 f"arithmetic {delay} cycles before", f"{what}, {levels} adders a stage",
                 lambda: Counting(count, threshold, make, delay, constant), Fault(*fault),
                 method="induction", depth=delay + 1, **others)



PROOFS = [
    count_proof("count-adders", adders, "the popcount of full adders", 15, 2, None,
                ("hw.count.popcount._add", "(a & b) | (c & (a ^ b))", "(a & b) | (c & a)"),
                short=True),
    count_proof("count-adders-fires", adders, "the threshold folded into full adders", 16, 3, 9,
                ("hw.count.popcount._add", "return [~(a ^ b), a | b]", "return [~(a ^ b), a ^ b]")),
    count_proof("count-tree", tree, "the popcount of small adders", 15, 2, None,
                ("hw.count.tree._Builder.add_luts", "Bit(bit.wire, not bit.inverted)", "bit")),
    count_proof("count-tree-ecp5", tree, "the popcount of CCU2C and LUT4", 15, 2, None,
                ("hw.count.tree._Builder.add_chain", "gap(ZERO if carry is None else at[carry])",
                 "gap(ZERO)"), platform=ECP5,
                models=ECP5_MODELS, short=True),
    count_proof("count-tree-ecp5-fires", tree, "the threshold on CCU2C and LUT4", 20, 2, 11,
                ("hw.count.tree._fire", "if rest >> place & 1 else bit & carry",
                 "if rest >> place & 1 else bit | carry"), platform=ECP5,
                models=ECP5_MODELS),
    count_proof("count-columns", columns(-7), "the sum over columns", 15, 2, None,
                ("hw.count.slot._at_least", " - ones[1]", ""), constant=-7),
    count_proof("count-columns-ecp5", columns(-7), "the sum over columns on CCU2C", 15, 2, None,
                ("hw.count.columns._start", "ones=(1, 0)", "ones=(0, 0)"), constant=-7,
                platform=ECP5, models=ECP5_MODELS, short=True),
    count_proof("count-columns-ecp5-20", columns(3), "the sum over columns on CCU2C", 20, 1, None,
                ("hw.count.columns._slot", "len(place.group) - len(group)", "0"), constant=3,
                platform=ECP5, models=ECP5_MODELS),
    count_proof("count-chain-ice40", chain, "the popcount of SB_CARRY and SB_LUT4", 15, 2, None,
                ("hw.count.count_ice40.Chain._cell", "i_I1=pair[1]", "i_I1=pair[0]"),
                models=ICE40_MODELS, short=True),
    count_proof("count-chain-ice40-fires", chain, "the threshold on SB_CARRY and SB_LUT4", 20, 2,
                11, ("hw.count.count_ice40.at_least", "word >> 1 > wanted", "word >> 1 >= wanted"),
                models=ICE40_MODELS),
    *(count_proof(f"truth-{family}-{count}-{threshold}", table(family),
                  f"the table of {family}'s LUT4", count, 1, threshold,
                  ("hw.count.truth.fire", "(truth >> (word ^ mask) & 1)", "(truth >> word & 1)"),
                  models=models)
      for family, models in [("ecp5", ECP5_MODELS), ("ice40", ICE40_MODELS)]
      for count, threshold in [(6, 3), (7, 2), (7, 4)]),
]
