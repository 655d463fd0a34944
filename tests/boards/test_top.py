# amaranth: UnusedElaboratable=no
"""boards.top: a network behind a serial line, bit by bit."""

import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from boards.board import find
from boards.request import Request
from boards.top import Top, benchmark_images, create, line_rate
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.serial.imageregister import LOGIC_IMAGES
from sw.golden import Model
from sw.line.protocol import (
    ANSWER,
    Deframer,
    Frame,
    Info,
    Report,
    Type,
    pack_images,
    unpack_results,
)

from ..networks import random_images, random_network


NETWORK = random_network(np.random.default_rng(1), [12, 6, 3], labels=("a", "b", "ß"))
IMAGES = random_images(np.random.default_rng(2), 5, NETWORK)
SCHEDULE = Schedule(4, {"fc0": Scheduled(2, 4), "scores": Scheduled(1, 6)})
DIVISOR = 4


def create_top(schedule=SCHEDULE, images=IMAGES[:3], network=NETWORK, **others):
    return Top(network, schedule, **{"clock_hz": 1_000_000, "baud": 250_000, "images": images,
                                     "frame_depth": 64, **others})


def talk(top, requests, limit):
    """Send requests bit by bit; return their answers and the LEDs at the end."""
    deframer = Deframer()
    answers, leds = [], []

    async def bench(ctx):
        for request in requests:
            levels = [level for octet in request.encode()
                      for level in (0, *(octet >> bit & 1 for bit in range(8)), 1)]
            wait, bits = 0, []
            for cycle in range(limit):
                ctx.set(top.rx, levels[min(cycle // DIVISOR, len(levels) - 1)])
                _, _, tx = await ctx.tick().sample(top.tx)
                if not bits and not tx:
                    bits, wait = [0], DIVISOR + DIVISOR // 2
                elif bits:
                    wait -= 1
                    if wait == 0:
                        bits.append(tx)
                        wait = DIVISOR
                if len(bits) == 10:
                    octet = sum(bit << place for place, bit in enumerate(bits[1:9]))
                    bits = []
                    found = deframer.feed([octet])
                    answers.extend(found)
                    if found:
                        break
            await ctx.tick().repeat(2 * DIVISOR)
        leds.append(ctx.get(top.leds))

    sim = Simulator(top)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    return answers, leds[0]


@pytest.mark.parametrize("schedule", [SCHEDULE, Schedule(12, {"fc0": Wired(), "scores": Wired()})])
def test_every_request_is_answered(schedule):
    top = create_top(schedule)
    packed = pack_images(IMAGES, NETWORK.pixel_bits, NETWORK.shift)
    answers, leds = talk(top, [Frame(Type.IDENTIFY, 1), Frame(Type.CLASSIFY, 2, packed.tobytes()),
                               Frame(Type.BENCHMARK, 3, b"\x07\x00\x00\x00")], limit=16_000)
    assert [(answer.type, answer.sequence) for answer in answers] == [
        (kind | ANSWER, sequence) for sequence, kind in enumerate(
            (Type.IDENTIFY, Type.CLASSIFY, Type.BENCHMARK), 1)]
    assert Info.decode(answers[0].payload) == top.info

    model = Model(NETWORK)
    labels, scores = unpack_results(answers[1].payload, 3, 2)
    assert labels.tolist() == model.labels(IMAGES).tolist()
    assert scores.tolist() == model.scores(IMAGES).tolist()

    expected = model.labels(IMAGES)[np.arange(7) % 3]
    report = Report.decode(answers[2].payload)
    assert report.cycles == top.info.cycles(7)
    assert report.histogram == tuple(np.bincount(expected, minlength=3).tolist())
    assert report.checksum == zlib.crc32(expected.astype(np.uint8).tobytes())
    assert leds == expected[-1] | 1 << 6  # three answers, not busy


def test_info_describes_the_top():
    top = create_top(rom_width=2, board="näme")
    info = top.info
    assert info.identity == NETWORK.identity
    assert (info.pixel_bits, info.shift, info.input_shape) == (1, 7, (12,))
    assert (info.board, info.labels) == ("näme", ("a", "b", "ß"))
    assert (info.interval, info.feed, info.latency) == (
        top.accelerator.interval, 6, top.accelerator.latency)
    assert (info.max_images, info.rom_images) == (30, 3)
    assert info.rom_crc == zlib.crc32(pack_images(IMAGES[:3], 1, 7).tobytes())


def test_large_images_make_a_large_frame_buffer():
    network = random_network(np.random.default_rng(3), [3072, 2, 2], levels=(1,))
    images = random_images(np.random.default_rng(4), 1, network)
    schedule = Schedule(8, {"fc0": Scheduled(1, 8), "scores": Scheduled(1, 1)})
    top = create_top(schedule, images, network)
    assert (top.frame_depth, top.info.max_images) == (4096, 1)


def test_scores_of_more_than_16_bits_travel_as_32():
    scores = replace(NETWORK.last, bias=np.array([2**20, 0, -2**20], np.int32))
    network = replace(NETWORK, layers=(*NETWORK.layers[:-1], scores))
    assert create_top(network=network).info.score_bytes == 4


def test_a_benchmark_needs_images():
    with pytest.raises(ValueError, match=r"^Images of the benchmark must be at least 1 of shape "
                                         r"\(12,\): 0 of shape \(12,\)$"):
        create_top(images=IMAGES[:0])
    with pytest.raises(ValueError, match=r"^Images of the benchmark must be at least 1 of shape "
                                         r"\(12,\): 5 of shape \(3, 4\)$"):
        create_top(images=IMAGES.reshape(-1, 3, 4))


def test_a_baud_rate_that_the_clock_cannot_make():
    with pytest.raises(ValueError, match=r"^Baud rate must be a whole fraction of the clock to "):
        create_top(baud=230_400)


def test_benchmark_images_without_a_dataset_are_noise(capsys):
    network = replace(NETWORK, provenance={})
    images = benchmark_images(network, 7)
    assert images.shape == (7, 12)
    assert images.std() > 50
    assert re.match(r"^note: the benchmark's images are noise: ", capsys.readouterr().err)


def test_a_board_chooses_clock_schedule_and_images(tmp_path):
    board = find("icebreaker")
    top = create(Request(board, NETWORK))
    assert (top.clock_hz, top.baud, top.board) == (24_000_000, board.baud, "icebreaker")
    (tmp_path / "schedule.json").write_text(SCHEDULE.to_json())
    top = create(Request(board, NETWORK, schedule=tmp_path / "schedule.json", rom_images=2,
                         baud=115_200))
    assert (top.schedule, len(top.images), top.divisor) == (SCHEDULE, 2, 208)


def test_images_in_logic_need_no_block_ram():
    wide = random_network(np.random.default_rng(3), [784, 1, 3])
    top = create(Request(find("icebreaker"), wide))
    assert top.info.interval == 1
    assert (len(top.images), top.link.feed.block_ram) == (LOGIC_IMAGES, [])


@pytest.mark.parametrize(("board", "megahertz", "rate"), [
    ("ulx3s", 60, 3_000_000), ("ulx3s", 50, 1_000_000), ("ulx3s", 25, 1_000_000),
    ("icebreaker", 24, 1_000_000), ("icebreaker", 14.4, 115_200), ("icesugar", 24, 115_200)])
def test_the_line_is_as_fast_as_port_and_clock_allow(board, megahertz, rate):
    assert line_rate(find(board), round(megahertz * 1e6)) == rate
