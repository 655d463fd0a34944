# amaranth: UnusedElaboratable=no
"""The image register: every used bit of every image in its place, from requests and ROM."""

import random
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.plan.simplify import used_bits
from hw.serial.imageregister import ROM_BITS, ImageRegister
from hw.serial.wordfeed import WordFeed
from sw.golden import Model

from ...networks import random_images, random_network


BITS = 21
RNG = random.Random(5)
USED = [RNG.random() < 0.6 for _ in range(BITS)]
MASK = sum(use << place for place, use in enumerate(USED))
IMAGES = [RNG.getrandbits(BITS) for _ in range(9)]


def rtl_images(register, *, requests=(), run=0, idle=lambda: 0, stall=lambda: 0):
    """Offer images octet by octet, or run the benchmark; return the images that are taken."""
    octets = [image >> low & 255 for image in requests for low in range(0, register.bits, 8)]
    wanted = run or len(requests)
    taken = []

    async def drive(ctx):
        if run:
            ctx.set(register.begin, 1)
            await ctx.tick()
            ctx.set(register.begin, 0)
            ctx.set(register.running, 1)
            ctx.set(register.more, 1)
        for octet in octets:
            for _ in range(idle()):
                await ctx.tick()
            ctx.set(register.i.payload, octet)
            ctx.set(register.i.valid, 1)
            for _ in range(500):
                _, _, ready = await ctx.tick().sample(register.i.ready)
                if ready:
                    break
            assert ready
            ctx.set(register.i.valid, 0)

    async def watch(ctx):
        held = None
        for _ in range(10 * register.bits * wanted):
            ctx.set(register.o.ready, stall() == 0)
            _, _, valid, ready, payload, given = await ctx.tick().sample(
                register.o.valid, register.o.ready, register.o.payload, register.given)
            assert given == (run > 0 and valid and ready)
            if not run:
                assert held is None or (valid and payload == held), "payload must be held"
                held = payload if valid and not ready else None
            if valid and ready:
                taken.append(payload)
                if len(taken) == wanted:
                    ctx.set(register.more, 0)
                    ctx.set(register.running, 0)
                assert len(taken) <= wanted

    sim = Simulator(register)
    sim.add_clock(1e-6)
    sim.add_testbench(drive)
    sim.add_testbench(watch)
    sim.run()
    return taken


def create(rom, used=USED):
    return ImageRegister(bits=BITS, used=used, rom=rom)


@pytest.mark.parametrize("idle", [0, 15])
@pytest.mark.parametrize("stall", [0, 60])
def test_images_of_requests_are_shifted_in(idle, stall):
    rng = random.Random(idle + stall)
    found = rtl_images(create(IMAGES[:2]), requests=IMAGES, idle=lambda: rng.randint(0, idle),
                       stall=lambda: rng.randint(0, stall))
    assert found == [image & MASK for image in IMAGES]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_a_run_takes_an_image_of_the_rom_per_cycle(count):
    found = rtl_images(create(IMAGES[:count]), run=25)
    assert found == [IMAGES[index % count] & MASK for index in range(25)]


@pytest.mark.parametrize("images", [4, 5])
def test_all_copies_say_the_same(images):
    rng = random.Random(images)
    rom = [rng.getrandbits(300) for _ in range(images)]
    used = [rng.random() < 0.6 for _ in range(300)]
    mask = sum(1 << place for place in range(300) if used[place])

    def create():
        return ImageRegister(bits=300, used=used, rom=rom)

    assert sum(used) > ROM_BITS
    assert rtl_images(create(), requests=rom) == [image & mask for image in rom]
    assert rtl_images(create(), run=12) == [rom[index % images] & mask for index in range(12)]


def test_all_bits_or_one_may_be_used():
    assert rtl_images(create([5], [True] * BITS), requests=IMAGES) == IMAGES
    one = [place == BITS - 1 for place in range(BITS)]
    assert rtl_images(create([5], one), requests=IMAGES) == [
        image & 1 << BITS - 1 for image in IMAGES]


def test_unused_bits_change_no_score():
    rng = np.random.default_rng(1)
    network = random_network(rng, [40, 12, 3], levels=(64, 128))
    first = network.layers[1]
    weights = np.where(rng.random(first.weights.shape) < 0.1, first.weights, 0).astype(np.int8)
    thresholds = np.minimum(first.thresholds, np.count_nonzero(weights, axis=1)).astype(np.int32)
    thresholds[:4] = 0  # neurons that always fire
    layers = (network.layers[0], replace(first, weights=weights, thresholds=thresholds),
              *network.layers[2:])
    network = replace(network, layers=layers)
    used = used_bits(network)
    assert used.shape == (40 * network.pixel_bits,)
    pixels = used.reshape(40, -1).any(axis=1)
    assert 5 < pixels.sum() < weights.any(axis=0).reshape(40, -1).any(axis=1).sum()
    images = random_images(rng, 50, network)
    others = np.where(pixels, images, random_images(rng, 50, network))
    assert (Model(network).scores(images) == Model(network).scores(others)).all()
    seen = weights[4:].any(axis=0).reshape(40, -1).any(axis=1)
    assert pixels.tolist() == seen.tolist()


def test_the_use_of_every_bit_must_be_said():
    with pytest.raises(ValueError, match=r"^Bits in use must be said of all 21: 20$"):
        create([1], USED[1:])


def test_the_rom_must_not_be_wider_than_the_accelerator():
    with pytest.raises(ValueError, match=r"^Width of the image ROM must be in 1\.\.16, the "
                                         r"accelerator's: 17$"):
        WordFeed(bits=30, rom=[1], rom_width=17, width=16)
