# amaranth: UnusedElaboratable=no
"""hw.accelerator, hw.core.axi and hw.plan.timing: predictions against cycles that were counted."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth import Value
from amaranth.sim import Simulator

from hw.accelerator import Accelerator
from hw.core.axi import AxiAccelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.wired.pipeline import WiredPipeline
from sw import golden
from sw.bits import from_int
from sw.network import Network

from ..networks import random_images, random_network


IMAGES = 5

SCHEDULES = {
    "scheduled": (8, Scheduled(4, 8), Scheduled(4, 6), Scheduled(1, 4)),
    "widths that do not divide": (7, Scheduled(5, 7), Scheduled(3, 7), Scheduled(3, 5)),
    "an image a cycle, in ROM": (40, Scheduled(24, 40), Scheduled(16, 24), Scheduled(10, 16)),
    "wired": (40, Wired(), Wired(), Wired()),
    "wired, many registers": (40, Wired(1), Wired(1), Wired(1)),
    "wired around scheduled": (3, Wired(3), Scheduled(4, 8), Wired(2)),
    "scheduled before wired": (3, Scheduled(4, 8), Wired(1), Wired(2)),
    "wired before scheduled": (40, Wired(), Wired(), Scheduled(2, 16)),
    "one lane": (1, Scheduled(1, 1), Scheduled(1, 1), Scheduled(1, 1)),
}


def create(name, levels=(128,)):
    rng = np.random.default_rng(7)
    network = random_network(rng, [40, 24, 16, 10], levels=levels)
    pixels, *parts = SCHEDULES[name]
    names = [layer.name for layer in network.layers[1:]]
    return Accelerator(network, Schedule(pixels, dict(zip(names, parts, strict=True))))


def beats(accelerator, images):
    """Words of the input stream, as Python integers."""
    encoder, pixels = accelerator.network.first, accelerator.schedule.pixels
    for image in images.reshape(len(images), -1) >> encoder.shift:
        for start in range(0, len(image), pixels):
            yield sum(int(pixel) << (place * encoder.pixel_bits)
                      for place, pixel in enumerate(image[start:start + pixels]))


def run(accelerator, words, answers):
    """Feed words back to back; list cycles of the words taken, and (cycle, answer)."""
    taken, given = [], []

    async def drive(ctx):
        ctx.set(accelerator.i.valid, 1)
        for word in words:
            ctx.set(accelerator.i.payload, word)
            await ctx.tick().until(accelerator.i.ready)
        ctx.set(accelerator.i.valid, 0)

    async def collect(ctx):
        ctx.set(accelerator.o.ready, 1)
        cycle = 0
        while len(given) < answers:
            _, _, i_valid, i_ready, o_valid, answer = await ctx.tick().sample(
                accelerator.i.valid, accelerator.i.ready, accelerator.o.valid,
                Value.cast(accelerator.o.payload))
            if i_valid and i_ready:
                taken.append(cycle)
            if o_valid:
                given.append((cycle, answer))
            cycle += 1
            assert cycle < 100_000, "no answer"

    sim = Simulator(accelerator)
    sim.add_clock(1e-6)
    sim.add_testbench(drive, background=True)
    sim.add_testbench(collect)
    sim.run()
    return taken, given


def renamed(network, names):
    """Return a network whose layers have other names."""
    return Network([replace(layer, name=name) for layer, name in
                    zip(network.layers, names, strict=True)],
                   network.labels, network.input_shape)


@pytest.mark.parametrize("names", [("pixels", "encoder", "fc1", "scores"),
                                   ("fc0", "pixels", "encoder", "x")])
@pytest.mark.parametrize("name", ["scheduled", "wired", "wired around scheduled"])
def test_stages_have_the_names_of_their_layers(name, names):
    """A dense layer may be called "encoder", and an encoder something else."""
    plain = create(name)
    network = renamed(plain.network, names)
    parts = dict(zip(names[1:], plain.schedule.layers.values(), strict=True))
    accelerator = Accelerator(network, Schedule(plain.schedule.pixels, parts))
    assert len(accelerator.stages) == len(plain.stages)
    images = random_images(np.random.default_rng(8), 20, network)
    _, given = run(accelerator, beats(accelerator, images), len(images))
    assert [answer % 16 for _, answer in given] == golden.Model(network).labels(images).tolist()


def test_two_stages_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr("sw.layer.check.TAKEN", "nothing")
    plain = create("widths that do not divide")
    names = ("to_fc1", "fc0", "fc1", "scores")
    with pytest.raises(ValueError, match=r"^Names of stages must differ: 'to_fc1' is there twice "
                                         r"\(rename a layer\)$"):
        Accelerator(renamed(plain.network, names), plain.schedule)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("levels", [(128,), (64, 128, 192), (3, 200)])
def test_answers_interval_and_latency_are_as_predicted(name, levels):
    accelerator = create(name, levels)
    images = random_images(np.random.default_rng(8), IMAGES, accelerator.network)
    taken, given = run(accelerator, beats(accelerator, images), IMAGES)

    model = golden.Model(accelerator.network)
    label_bits, score_bits = 4, accelerator.network.score_bits
    for (_, answer), label, scores in zip(given, model.labels(images), model.scores(images),
                                          strict=True):
        assert answer % 2**label_bits == label
        assert [answer >> (label_bits + score_bits * place) & (2**score_bits - 1)
                for place in range(10)] == [int(score) % 2**score_bits for score in scores]
    assert given[0][0] - taken[accelerator.beats - 1] == accelerator.latency
    cycles = [cycle for cycle, _ in given]
    assert set(np.diff(cycles)) == {accelerator.interval}


def test_axi_ports_hold_whole_bytes():
    accelerator = create("scheduled")
    axi = AxiAccelerator(accelerator)
    widths = {name: member.shape for name, member in axi.signature.members.items()}
    assert widths == {"aclk": 1, "aresetn": 1, "s_axis_tdata": 8, "s_axis_tvalid": 1,
                      "s_axis_tready": 1, "m_axis_tdata": 8 + 10 * 8, "m_axis_tvalid": 1,
                      "m_axis_tready": 1}


@pytest.mark.parametrize(("name", "levels", "first"), [
    ("wired", (64, 128), "wired_fc0"), ("wired before scheduled", (64, 128), "wired_fc0"),
    ("wired", (128,), "encoder"), ("wired around scheduled", (64, 128), "encoder"),
    ("scheduled", (64, 128), "encoder")])
def test_whole_images_are_encoded_where_nothing_stops(name, levels, first):
    stages = create(name, levels).stages
    assert next(iter(stages)) == first
    pipelines = [stage for stage in stages.values() if isinstance(stage, WiredPipeline)]
    assert [bool(pipeline.first) for pipeline in pipelines].count(True) == (first != "encoder")


def test_axi_answers_are_sign_extended():
    axi = AxiAccelerator(create("wired"))
    network = axi.accelerator.network
    image = random_images(np.random.default_rng(9), 1, network)
    word, = beats(axi.accelerator, image)
    seen = []

    async def bench(ctx):
        ctx.set(axi.aresetn, 1)
        ctx.set(axi.s_axis_tdata, word)
        ctx.set(axi.s_axis_tvalid, 1)
        ctx.set(axi.m_axis_tready, 1)
        for _ in range(axi.accelerator.latency + 3):
            ctx.set(axi.aclk, 1)
            await ctx.delay(1e-6)
            ctx.set(axi.aclk, 0)
            await ctx.delay(1e-6)
            if ctx.get(axi.m_axis_tvalid) and not seen:
                seen.append(ctx.get(axi.m_axis_tdata))

    sim = Simulator(axi)
    sim.add_testbench(bench)
    sim.run()
    octets = np.packbits(from_int(seen[0], 88), bitorder="little")
    model = golden.Model(network)
    assert octets[0] == model.labels(image)[0]
    assert octets[1:].view(np.int8).tolist() == model.scores(image)[0].tolist()
