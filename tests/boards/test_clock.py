"""Tests of boards.clock: nothing runs before the clock is good."""

from amaranth import ClockDomain, Elaboratable, Module, Signal
from amaranth.sim import Simulator

from boards import clock


START = 20  # cycles of the start-up time in the simulation


class Started(Elaboratable):
    """The iCE40 reset around a counter that counts as soon as it may."""

    def __init__(self):
        self.clock = Signal()
        self.locked = Signal()
        self.count = Signal(8)

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain()
        clock.ice40_reset(m, self.clock, self.locked, START)
        m.d.sync += self.count.eq(self.count + 1)
        return m


def simulate(testbench):
    """Run a testbench that gets the simulation, the design and a function to pass cycles."""
    design = Started()

    async def bench(ctx):
        async def cycles(number):
            for _ in range(number):
                ctx.set(design.clock, 1)
                await ctx.delay(1e-8)
                ctx.set(design.clock, 0)
                await ctx.delay(1e-8)
        await testbench(ctx, design, cycles)

    simulator = Simulator(design)
    simulator.add_testbench(bench)
    simulator.run()


def test_ice40_waits_for_the_lock_and_the_block_ram():
    async def testbench(ctx, design, cycles):
        await cycles(3 * START)
        assert ctx.get(design.count) == 0
        ctx.set(design.locked, 1)
        await cycles(START)
        assert ctx.get(design.count) == 0
        await cycles(START)
        assert ctx.get(design.count) > 0
    simulate(testbench)


def test_ice40_starts_again_after_a_lost_lock():
    async def testbench(ctx, design, cycles):
        ctx.set(design.locked, 1)
        await cycles(2 * START)
        assert ctx.get(design.count) > 0
        ctx.set(design.locked, 0)
        await cycles(5)
        assert ctx.get(design.count) == 0
        ctx.set(design.locked, 1)
        await cycles(START)
        assert ctx.get(design.count) == 0
    simulate(testbench)
