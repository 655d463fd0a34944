# amaranth: UnusedElaboratable=no
"""hw.core.wishbone: classic and pipelined masters, and weights through the bus."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from hw.accelerator import Accelerator
from hw.core.register import MAGIC, NONE, Address
from hw.core.wishbone import ACCESS_CYCLES, WishboneAccelerator
from hw.plan.schedule import Schedule, Scheduled
from sw.golden import Model
from sw.line.load import LoadShape
from sw.line.protocol import pack_images
from tests.networks import random_images, random_network


SCHEDULE = Schedule(6, {"fc0": Scheduled(4, 18), "scores": Scheduled(2, 4)})
LOADED = Schedule(6, {"fc0": Scheduled(4, 18, "loaded"), "scores": Scheduled(2, 4, "loaded")})
CLEAR, NEXT, LOAD = 1, 2, 4
ANSWER, BUSY, OVERRUN, UNDERRUN, ILLEGAL, WHOLE, LOADING, REFUSED = (1 << bit for bit in range(8))


def network_of(seed, levels=(64, 128, 192)):
    return random_network(np.random.default_rng(seed), [30, 8, 5], levels=levels)


NETWORK, OTHER = network_of(1), network_of(2)
IMAGES = random_images(np.random.default_rng(3), 10, NETWORK)


class Master:
    """A master of a core, in a simulation."""

    def __init__(self, ctx, core):
        self.ctx, self.core = ctx, core

    async def access(self, address, write=None, sel=15):
        ctx, core = self.ctx, self.core
        for signal, value in ((core.adr_i, address), (core.we_i, write is not None),
                              (core.dat_i, write or 0), (core.sel_i, sel), (core.cyc_i, 1),
                              (core.stb_i, 1)):
            ctx.set(signal, value)
        for _ in range(20):
            acknowledged, stalled = ctx.get(core.ack_o), ctx.get(core.stall_o)
            value = ctx.get(core.dat_o)
            await self.tick()
            if core.pipelined and not stalled:
                ctx.set(core.stb_i, 0)
            if acknowledged:
                ctx.set(core.cyc_i, 0)
                ctx.set(core.stb_i, 0)
                return value
        raise AssertionError("the bus is not answered")

    async def tick(self, count=1):
        for _ in range(count):
            self.ctx.set(self.core.clk_i, 1)
            await self.ctx.delay(1e-6)
            self.ctx.set(self.core.clk_i, 0)
            await self.ctx.delay(1e-6)

    async def wait(self, bits, value, cycles=5000):
        for _ in range(cycles):
            if await self.access(Address.STATUS) & bits == value:
                return
        raise AssertionError("the status does not change")

    async def send(self, image):
        network = self.core.accelerator.network
        octets = pack_images(image[None], network.pixel_bits, network.shift)[0]
        for word in np.pad(octets, (0, -len(octets) % 4)).view("<u4").tolist():
            await self.access(Address.PIXELS, word)

    async def answer(self):
        await self.wait(ANSWER, ANSWER)
        label = await self.access(Address.LABEL)
        scores = [await self.access(Address.SCORES + index) for index in range(5)]
        await self.access(Address.COMMAND, NEXT)
        return label, [score - (score >> 31 << 32) for score in scores]

    async def identity(self):
        words = [await self.access(Address.IDENTITY + place) for place in range(8)]
        return b"".join(word.to_bytes(4, "little") for word in words).hex()

    async def load(self, octets):
        await self.access(Address.COMMAND, LOAD)
        await self.wait(LOADING, LOADING)
        for at in range(0, len(octets), 4):
            await self.access(Address.WEIGHTS, int.from_bytes(octets[at:at + 4], "little"))
        await self.tick(8)


def simulate(core, bench):
    async def testbench(ctx):
        await bench(Master(ctx, core))

    simulator = Simulator(core)
    simulator.add_testbench(testbench)
    simulator.run()


def expected(network, images):
    model = Model(network)
    return list(zip(model.labels(images).tolist(), model.scores(images).tolist(), strict=True))


@pytest.mark.parametrize("pipelined", [False, True])
def test_images_are_answered_as_golden(pipelined):
    async def bench(master):
        assert await master.access(Address.MAGIC) == MAGIC
        assert await master.identity() == NETWORK.identity
        for image, answer in zip(IMAGES, expected(NETWORK, IMAGES), strict=True):
            await master.send(image)
            assert await master.answer() == answer
        assert await master.access(Address.STATUS) == WHOLE

    simulate(WishboneAccelerator(Accelerator(NETWORK, SCHEDULE), pipelined=pipelined), bench)


@pytest.mark.parametrize("levels", [(96, 128, 160), (128,), (1, 2, 255)])
def test_pixels_may_lie_in_two_words(levels):
    network = network_of(1, levels)
    core = WishboneAccelerator(Accelerator(network, SCHEDULE))

    async def bench(master):
        assert await master.access(Address.WORDS) == -(-30 * network.pixel_bits // 32)
        for image, answer in zip(IMAGES, expected(network, IMAGES), strict=True):
            await master.send(image)
            assert await master.answer() == answer

    assert network.pixel_bits in (1, 3, 8)
    simulate(core, bench)


@pytest.mark.parametrize("pipelined", [False, True])
def test_words_of_an_image_take_the_cycles_that_a_schedule_is_chosen_for(pipelined):
    """A master that never pauses: an access is answered in every cycle, or every second one."""
    core = WishboneAccelerator(Accelerator(NETWORK, SCHEDULE), pipelined=pipelined)
    count = 8

    async def bench(master):
        ctx, answered = master.ctx, 0
        for signal, value in ((core.adr_i, Address.PIXELS), (core.we_i, 1), (core.sel_i, 15),
                              (core.cyc_i, 1), (core.stb_i, 1)):
            ctx.set(signal, value)
        for _ in range(count * ACCESS_CYCLES[pipelined]):
            await master.tick()
            answered += ctx.get(core.ack_o)
        assert answered == count

    simulate(core, bench)


def test_a_second_image_before_the_first_is_answered_waits_its_turn():
    async def bench(master):
        for image in IMAGES[:3]:
            await master.send(image)
        assert [await master.answer() for _ in range(3)] == expected(NETWORK, IMAGES[:3])

    simulate(WishboneAccelerator(Accelerator(NETWORK, SCHEDULE)), bench)


def test_reads_without_an_answer_and_writes_without_room_are_defined():
    async def bench(master):
        assert await master.access(Address.LABEL) == NONE
        assert await master.access(Address.SCORES) == 0
        await master.access(Address.COMMAND, NEXT)
        assert await master.access(Address.STATUS) == WHOLE | UNDERRUN
        for _ in range(100):
            await master.access(Address.PIXELS, 0)
        assert await master.access(Address.STATUS) & OVERRUN
        assert await master.access(Address.ROOM) == 0
        await master.access(Address.COMMAND, CLEAR)
        await master.wait(BUSY, 0)
        assert await master.access(Address.STATUS) == WHOLE
        await master.access(Address.PIXELS, 0xffffffff)  # a part of an image
        await master.access(Address.COMMAND, CLEAR)
        await master.wait(BUSY, 0)
        await master.send(IMAGES[0])
        assert await master.answer() == expected(NETWORK, IMAGES[:1])[0]

    simulate(WishboneAccelerator(Accelerator(NETWORK, SCHEDULE)), bench)


def test_writes_that_cannot_be_done_are_illegal_and_raise_the_interrupt():
    async def bench(master):
        await master.access(Address.INTERRUPT, 2)
        for address, sel in ((Address.LABEL, 15), (Address.PIXELS, 7), (Address.WEIGHTS, 15)):
            assert not master.ctx.get(core.interrupt_o)
            await master.access(address, 1, sel)
            assert await master.access(Address.STATUS) == WHOLE | ILLEGAL
            assert master.ctx.get(core.interrupt_o)
            await master.access(Address.COMMAND, CLEAR)
            await master.tick(2)
        assert await master.access(Address.INTERRUPT) == 2

    core = WishboneAccelerator(Accelerator(NETWORK, SCHEDULE))
    simulate(core, bench)


def test_two_networks_take_turns_and_a_load_cut_off_leaves_none():
    core = WishboneAccelerator(Accelerator(NETWORK, LOADED))
    shape = LoadShape.decode(core.shape.encode())
    loads = {network.identity: shape.encode_load(network, bytes.fromhex(network.identity))
             for network in (NETWORK, OTHER)}
    assert core.load_file().startswith(loads[NETWORK.identity])

    async def bench(master):
        for network in (NETWORK, OTHER, NETWORK):
            octets = loads[network.identity]
            if network is not NETWORK or await master.identity() != NETWORK.identity:
                await master.load(octets + bytes(-len(octets) % 4))
            assert await master.access(Address.STATUS) == WHOLE
            assert await master.identity() == network.identity
            for image, answer in zip(IMAGES, expected(network, IMAGES), strict=True):
                await master.send(image)
                assert await master.answer() == answer

        octets = loads[OTHER.identity]
        wrong = bytearray(octets[:40])
        wrong[8] ^= 1  # of another shape: nothing changes
        await master.load(bytes(wrong))
        assert await master.access(Address.STATUS) == WHOLE | ILLEGAL | REFUSED
        assert await master.identity() == NETWORK.identity
        await master.access(Address.COMMAND, CLEAR)
        await master.tick(2)

        await master.load(octets[:60])  # cut off
        assert await master.access(Address.STATUS) & (WHOLE | LOADING) == LOADING
        assert await master.identity() == "0" * 64
        await master.send(IMAGES[0])
        assert await master.access(Address.STATUS) & (OVERRUN | ANSWER) == OVERRUN
        await master.access(Address.COMMAND, CLEAR)
        await master.tick(2)

        damaged = bytearray(octets + bytes(-len(octets) % 4))
        damaged[50] ^= 4
        await master.load(bytes(damaged))
        assert await master.access(Address.STATUS) & (WHOLE | REFUSED) == REFUSED
        assert await master.identity() == "0" * 64
        await master.load(octets + bytes(-len(octets) % 4))
        assert await master.access(Address.STATUS) == WHOLE
        await master.send(IMAGES[0])
        assert await master.answer() == expected(OTHER, IMAGES[:1])[0]

    simulate(core, bench)


def test_no_image_is_taken_while_a_load_is_open():
    core = WishboneAccelerator(Accelerator(NETWORK, LOADED), pipelined=True)
    octets = core.shape.encode_load(OTHER, bytes.fromhex(OTHER.identity))

    async def bench(master):
        await master.access(Address.COMMAND, LOAD)
        await master.access(Address.PIXELS, 1)  # at once, and after some words
        assert await master.access(Address.STATUS) & OVERRUN
        assert await master.access(Address.ROOM) == 0
        await master.wait(LOADING, LOADING)
        await master.send(IMAGES[0])
        for at in range(0, len(octets), 4):
            await master.access(Address.WEIGHTS, int.from_bytes(octets[at:at + 4], "little"))
        await master.tick(8)
        await master.access(Address.COMMAND, CLEAR)
        await master.wait(BUSY, 0)
        assert await master.access(Address.STATUS) == WHOLE
        await master.send(IMAGES[1])
        assert await master.answer() == expected(OTHER, IMAGES[1:2])[0]

    simulate(core, bench)


def test_a_load_while_busy_is_refused():
    async def bench(master):
        await master.send(IMAGES[0])
        await master.access(Address.COMMAND, LOAD)
        assert await master.access(Address.STATUS) & (ILLEGAL | LOADING) == ILLEGAL
        assert await master.answer() == expected(NETWORK, IMAGES[:1])[0]

    simulate(WishboneAccelerator(Accelerator(NETWORK, LOADED)), bench)
