# amaranth: UnusedElaboratable=no
"""hw.serial.benchmark: every label counted at one per cycle, every cycle accounted for."""

import random
from zlib import crc32

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.plan.simplify import used_bits
from hw.serial.benchmark import Benchmark, counter_width, fill
from hw.serial.imageregister import ImageRegister
from hw.serial.wordfeed import WordFeed
from sw.golden import Model
from sw.line.protocol import Report, pack_images

from ...networks import random_images, random_network


CLASSES = 5


async def start(ctx, benchmark, count):
    for octet in count.to_bytes(4, "little"):
        ctx.set(benchmark.i.payload, octet)
        ctx.set(benchmark.i.valid, 1)
        ready = 0
        while not ready:
            _, _, ready = await ctx.tick().sample(benchmark.i.ready)
        ctx.set(benchmark.i.valid, 0)


async def read_report(ctx, benchmark, *, limit, stall=lambda: 0):
    octets, last = bytearray(), 0
    for _ in range(limit):
        ctx.set(benchmark.report.ready, stall() == 0)
        _, _, valid, ready, octet = await ctx.tick().sample(
            benchmark.report.valid, benchmark.report.ready, benchmark.report.payload)
        if valid and ready:
            octets.append(octet.data)
            last = octet.last
        if last:
            ctx.set(benchmark.report.ready, 0)
            return Report.decode(bytes(octets))
    raise TimeoutError(f"no report in {limit} cycles, but {len(octets)} octets of it")


def simulate(component, *benches):
    sim = Simulator(component)
    sim.add_clock(1e-6)
    for bench in benches:
        sim.add_testbench(bench)
    sim.run()


def rtl_tally(labels, *, gap=lambda: 0, stall=lambda: 0, runs=1):
    """Give a benchmark these labels, each some cycles after an image; return its reports."""
    benchmark = Benchmark(classes=CLASSES, counter_width=12)
    reports = []

    async def bench(ctx):
        for _ in range(runs):
            await start(ctx, benchmark, len(labels))
            left, flying, given = list(labels), 0, 0
            for _ in range(40 * len(labels) + 100):
                ready = gap() == 0
                label = bool(flying and left and gap() == 0)
                ctx.set(benchmark.labelled, label)
                ctx.set(benchmark.label, left[0] if label else 0)
                more = bool(ctx.get(benchmark.more)) and ready
                ctx.set(benchmark.given, more)
                ctx.set(benchmark.accepted, more)
                await ctx.tick()
                flying += more - label
                given += more
                if label:
                    left.pop(0)
                if not left:
                    break
            for port in (benchmark.labelled, benchmark.given, benchmark.accepted):
                ctx.set(port, 0)
            assert given == len(labels)
            reports.append(await read_report(ctx, benchmark, limit=500, stall=stall))
            assert not ctx.get(benchmark.running)

    simulate(benchmark, bench)
    return reports


def ref_tally(labels):
    return crc32(bytes(labels)), tuple(np.bincount(labels, minlength=CLASSES).tolist())


@pytest.mark.parametrize("gap", [0, 2])
@pytest.mark.parametrize("stall", [0, 3])
def test_labels_are_counted_at_one_per_cycle(gap, stall):
    rng = random.Random(gap + stall)
    labels = [0, 0, 0, 1, 0, 1, 0, 0, 4, 4, *(rng.choice([0, 1, 1, 4]) for _ in range(190))]
    reports = rtl_tally(labels, gap=lambda: rng.randint(0, gap),
                        stall=lambda: rng.randint(0, stall), runs=2)
    for report in reports:
        assert (report.checksum, report.histogram) == ref_tally(labels)
        if not gap:
            assert report.cycles == len(labels) + 1


def test_one_image_is_a_run():
    (report,) = rtl_tally([3])
    assert report == Report(2, *ref_tally([3]))


@pytest.mark.parametrize("count", [0, 2**12, 2**12 + 1, 2**31])
def test_a_run_of_too_few_or_too_many_is_refused(count):
    benchmark = Benchmark(classes=CLASSES, counter_width=12)

    async def bench(ctx):
        await start(ctx, benchmark, count)
        times = 0
        for _ in range(20):
            _, _, refused, running = await ctx.tick().sample(benchmark.refused, benchmark.running)
            times += refused
            assert not running
        assert times == 1

    simulate(benchmark, bench)


class Bench(wiring.Component):
    """A benchmark, its images and the real accelerator."""

    def __init__(self, network, schedule, images, rom_width):
        self.accelerator = Accelerator(network, schedule)
        self.bits = network.inputs * network.pixel_bits
        self.rom_width = rom_width or self.accelerator.input_width
        packed = pack_images(images, network.pixel_bits, network.shift)
        rom = [int.from_bytes(image.tobytes(), "little") for image in packed]
        if self.accelerator.interval == 1 and rom_width is None:
            self.feed = ImageRegister(bits=self.bits, used=used_bits(network), rom=rom)
        else:
            self.feed = WordFeed(bits=self.bits, rom=rom, rom_width=self.rom_width,
                                 width=self.accelerator.input_width)
        self.benchmark = Benchmark(classes=network.classes, counter_width=12)
        super().__init__({})

    def cycles(self, count):
        accelerator = self.accelerator
        period = max(accelerator.interval, -(-self.bits // self.rom_width))
        return count * period + fill(
            bits=self.bits, rom_width=self.rom_width, input_width=accelerator.input_width,
            interval=accelerator.interval, latency=accelerator.latency)

    def elaborate(self, platform):
        m = Module()
        m.submodules.accelerator = accelerator = self.accelerator
        m.submodules.benchmark = benchmark = self.benchmark
        m.submodules.feed = feed = self.feed
        wiring.connect(m, feed.o, accelerator.i)
        for name in ("begin", "running", "more"):
            m.d.comb += getattr(feed, name).eq(getattr(benchmark, name))
        m.d.comb += benchmark.given.eq(feed.given)
        m.d.comb += benchmark.accepted.eq(accelerator.i.valid & accelerator.i.ready)
        m.d.comb += accelerator.o.ready.eq(1)
        m.d.comb += benchmark.labelled.eq(accelerator.o.valid)
        m.d.comb += benchmark.label.eq(accelerator.o.p.label)
        return m


SCHEDULED = {"fc0": Scheduled(4, 6), "scores": Scheduled(2, 4)}
SLOW_LAST = {"fc0": Scheduled(8, 12), "scores": Scheduled(1, 1)}
WIRED = {"fc0": Wired(2), "scores": Wired(2)}
MIXED = {"fc0": Wired(2), "scores": Scheduled(1, 2)}


@pytest.mark.parametrize(("pixels", "layers", "rom_width"), [
    (6, SCHEDULED, None), (6, SCHEDULED, 2), (5, SCHEDULED, None), (30, SCHEDULED, 4),
    (1, SCHEDULED, None), (6, SLOW_LAST, None), (6, SLOW_LAST, 3), (30, WIRED, None),
    (30, WIRED, 8), (30, WIRED, 15), (10, WIRED, 5), (7, WIRED, None), (30, MIXED, None),
    (30, MIXED, 4), (3, MIXED, 2)])
@pytest.mark.parametrize("rom_images", [3, 7])
def test_cycles_and_labels_are_as_predicted(pixels, layers, rom_width, rom_images):
    rng = np.random.default_rng(pixels)
    network = random_network(rng, [30, 8, CLASSES])
    images = random_images(rng, rom_images, network)
    bench = Bench(network, Schedule(pixels, layers), images, rom_width)
    labels = Model(network).labels(images)
    reports = []

    async def run(ctx):
        for count in (1, 2, 10, 10):
            await start(ctx, bench.benchmark, count)
            reports.append((count, await read_report(ctx, bench.benchmark, limit=2000)))

    simulate(bench, run)
    for count, report in reports:
        assert (report.checksum, report.histogram) == ref_tally(
            labels[np.arange(count) % rom_images].astype(np.uint8))
        assert (count, report.cycles) == (count, bench.cycles(count))


def test_the_length_of_a_run_is_bounded_by_its_time():
    assert counter_width(100_000_000, 1) == 28
    assert counter_width(50_000_000, 12544) == 14
    assert counter_width(1_000_000, 10**9) == 8
