# amaranth: UnusedElaboratable=no
"""hw.serial.flash: weights come whole and checked from the flash, or the loader says why not."""

import random
import zlib

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.sim import Simulator

from hw.serial.flash import FLASH_OFFSET, FlashLoader, WeightImage
from sim.board.flash import Flash
from sw.line.protocol import ErrorCode


IDENTITY = bytes(range(200, 232)).hex()
IMAGE = WeightImage(IDENTITY, tuple(random.Random(1).choices(range(2**16), k=37)))


class Bench(wiring.Component):
    """A loader and a flash."""

    def __init__(self, contents, *, clock_hz=1_000_000, **options):
        self.loader = FlashLoader(IMAGE, clock_hz=clock_hz)
        options.setdefault("wake_cycles", self.loader.wake_cycles)
        self.flash = Flash(contents, **options)
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.loader = self.loader
        m.submodules.flash = self.flash
        wiring.connect(m, self.loader.spi, self.flash.spi)
        return m


def load(bench, *, stall=lambda: 0):
    """Run until the status is final; return it, the words that came, and the cycles it took."""
    loader, words, ends = bench.loader, [], []

    async def drive(ctx):
        held, wait = None, stall()
        for cycle in range(4 * loader.cycles + 60 * len(IMAGE.words)):
            ctx.set(loader.o.ready, wait == 0)
            _, _, status, valid, word = await ctx.tick().sample(
                loader.status, loader.o.valid, loader.o.payload)
            assert held is None or (valid and word == held)
            held = word if valid and wait else None
            if valid and not wait:
                words.append(word)
                wait = stall()
            elif valid:
                wait -= 1
            if status != ErrorCode.LOADING:
                ends.append((status, cycle))
                break

    sim = Simulator(bench)
    sim.add_clock(1e-6)
    sim.add_testbench(drive)
    sim.run()
    (status, cycles), = ends
    return status, words, cycles


@pytest.mark.parametrize("clock_hz", [1_000_000, 24_000_000, 24_100_000, 60_000_000])
def test_a_load_takes_the_cycles_predicted(clock_hz):
    bench = Bench(IMAGE.encode(), clock_hz=clock_hz)
    status, words, cycles = load(bench)
    assert (status, words) == (0, list(IMAGE.words))
    assert cycles == bench.loader.cycles


@pytest.mark.parametrize(("clock_hz", "half_period"), [
    (1, 1), (24_000_000, 1), (24_000_001, 2), (48_000_000, 2), (60_000_000, 3)])
def test_the_clock_of_the_flash_is_12_megahertz_at_most(clock_hz, half_period):
    assert FlashLoader(IMAGE, clock_hz=clock_hz).half_period == half_period


def test_words_wait_until_they_are_taken():
    rng = random.Random(2)
    status, words, _ = load(Bench(IMAGE.encode()), stall=lambda: rng.choice([0, 0, 1, 50]))
    assert (status, words) == (0, list(IMAGE.words))


@pytest.mark.parametrize("bit", [0, 7, 300, 37 * 16 - 1])
def test_a_flipped_bit_is_noticed(bit):
    contents = bytearray(IMAGE.encode())
    contents[len(IMAGE.header) + bit // 8] ^= 1 << bit % 8
    status, words, _ = load(Bench(contents))
    assert status == ErrorCode.DAMAGED_WEIGHTS
    assert len(words) == 3 * len(IMAGE.words)  # each attempt whole, for those who count


def test_a_truncated_image_is_refused():
    status, _, _ = load(Bench(IMAGE.encode()[:-1]))
    assert status == ErrorCode.DAMAGED_WEIGHTS


@pytest.mark.parametrize("other", [
    WeightImage("00" * 32, IMAGE.words), WeightImage(IDENTITY, IMAGE.words[:-1]),
    WeightImage(IDENTITY, (*IMAGE.words[:-1], 0))])
def test_weights_of_another_network_or_schedule_are_refused(other):
    status, words, _ = load(Bench(other.encode()))
    assert (status, words) == (ErrorCode.OTHER_WEIGHTS, [])


@pytest.mark.parametrize("options", [
    {"contents": b""}, {"contents": IMAGE.encode()[1:]}, {"contents": IMAGE.encode(), "stuck": 0},
    {"contents": IMAGE.encode(), "stuck": 1}, {"contents": IMAGE.encode(), "wake_cycles": 2**20},
    {"contents": IMAGE.encode(), "offset": FLASH_OFFSET + 1}])
def test_a_flash_that_is_empty_or_silent_is_reported(options):
    status, words, _ = load(Bench(**options))
    assert (status, words) == (ErrorCode.NO_WEIGHTS, [])


def test_a_moment_of_trouble_is_survived():
    """The flash is slow to wake: the first attempt fails."""
    bench = Bench(IMAGE.encode(), wake_cycles=120)
    status, words, cycles = load(bench)
    assert (status, words) == (0, list(IMAGE.words))
    assert cycles > bench.loader.cycles


def test_an_image_begins_with_what_it_is():
    octets = IMAGE.encode()
    weights = octets[44:]
    assert octets[:4] == b"THRW"
    assert int.from_bytes(octets[4:8], "little") == len(weights) == 2 * len(IMAGE.words)
    assert int.from_bytes(octets[8:12], "little") == zlib.crc32(weights)
    assert octets[12:44].hex() == IDENTITY
    assert weights[:2] == IMAGE.words[0].to_bytes(2, "little")


def test_an_image_needs_words():
    with pytest.raises(ValueError, match=r"^Weights in the flash must be at least 1 word: there "
                                         r"are none$"):
        FlashLoader(WeightImage(IDENTITY, ()), clock_hz=1)
