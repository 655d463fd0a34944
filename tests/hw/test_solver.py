"""hw.solver and hw.estimate: what is chosen keeps its promises, what cannot fit is refused."""

from dataclasses import replace

import numpy as np
import pytest

from boards.board import catalog
from hw.estimate import estimate, layer_resources, shell_resources
from hw.fit import ROOM, misfits
from hw.plan.area import Resources
from hw.plan.arrival import Arrival
from hw.plan.device import BOARDS, find_device
from hw.plan.schedule import Scheduled, Wired
from hw.solver import choose, smallest, wired_modes
from sw import network as networks
from sw.artefact import artefact

from ..networks import random_network


@pytest.fixture(scope="module")
def tfc():
    return random_network(np.random.default_rng(1), [784, 64, 64, 64, 10])


@pytest.fixture(scope="module")
def sparse():
    return random_network(np.random.default_rng(2), [784, 128, 64, 10], [6, 6, 16])


@pytest.mark.parametrize("board", ["icebreaker", "ulx3s-25f", "ulx3s-85f"])
def test_the_fastest_schedule_fits(tfc, board):
    device = find_device(board)
    schedule = choose(tfc, device, clock_hz=24e6)
    need = estimate(tfc, schedule, device.family).total + shell_resources(
        tfc, schedule, device.family)
    assert need.lut4 <= device.lut4 * ROOM[device.family]
    assert need.block_ram <= device.block_rams


def test_a_larger_device_is_never_slower(tfc):
    intervals = [choose(tfc, find_device(board), clock_hz=24e6).interval(tfc)
                 for board in ("icebreaker", "ulx3s-25f", "ulx3s-85f")]
    assert intervals == sorted(intervals, reverse=True)
    assert intervals[0] > intervals[-1]


@pytest.fixture(scope="module")
def sfc():
    return random_network(np.random.default_rng(5), [784, 256, 256, 256, 10])


def test_a_dense_network_beyond_block_ram_goes_into_spram(sfc):
    device = find_device("icebreaker")
    schedule = choose(sfc, device, clock_hz=24e6)
    assert sum(part.rom == "spram" for part in schedule.layers.values()) == 2
    assert estimate(sfc, schedule, "ice40").total.spram == device.sprams == 4
    assert misfits(sfc, schedule, device) == []
    assert schedule.interval(sfc) <= 24e6 / 4000
    with pytest.raises(ValueError, match=r"^Weights must fit the memory of iCE40UP5K: 327 kbit "
                       r"needed, 120 kbit there, 120 kbit in block RAM and none in SPRAM, which "
                       r"nothing can load on this board \(fewer or smaller layers would help; "
                       r"LFE5U-12F holds it\)$"):
        choose(sfc, replace(device, sprams=0), clock_hz=24e6)


def test_spram_is_refused_where_there_is_none(sfc):
    schedule = choose(sfc, find_device("icebreaker"), clock_hz=24e6)
    assert ("SPRAMs", 4, 0) in misfits(sfc, schedule, find_device("ice40-hx8k-b-evn"))


def test_spram_is_left_alone_where_a_rate_is_reached_without(tfc):
    device = find_device("icebreaker")
    slow = choose(tfc, device, clock_hz=24e6, images_per_second=1000)
    assert estimate(tfc, slow, "ice40").total.spram == 0
    fast = choose(tfc, device, clock_hz=24e6)
    without = choose(tfc, replace(device, sprams=0), clock_hz=24e6)
    assert fast.interval(tfc) <= without.interval(tfc)


def test_spram_holds_16384_steps():
    network = random_network(np.random.default_rng(6), [1024, 250, 10])
    schedule = choose(network, find_device("icebreaker"), clock_hz=24e6, images_per_second=100)
    part = schedule.layers["fc0"]
    assert part.rom == "spram"
    assert part.interval(network.hidden[0]) <= 16384


@pytest.mark.parametrize("rate", [100, 10_000, 200_000])
def test_a_wanted_rate_is_reached_with_less(tfc, rate):
    device = find_device("ulx3s-85f")
    fastest = choose(tfc, device, clock_hz=50e6)
    schedule = choose(tfc, device, clock_hz=50e6, images_per_second=rate)
    assert 50e6 / schedule.interval(tfc) >= rate
    assert (estimate(tfc, schedule, "ecp5").total.lut4
            < estimate(tfc, fastest, "ecp5").total.lut4)


def test_a_shorter_interval_is_taken_where_the_wanted_one_does_not_fit():
    network, device = networks.load(artefact("cifar-accurate")), find_device("ulx3s-85f")
    clock, rate = 60e6, 7000
    missed = smallest(network, device, int(clock / rate), wired_modes(device.family, clock))
    assert misfits(network, missed, device)
    schedule = choose(network, device, clock_hz=clock, images_per_second=rate)
    assert not misfits(network, schedule, device)
    assert schedule.interval(network) <= clock / rate
    arrival = Arrival(network.inputs // 2, 2)  # two pixels a beat
    shorter = choose(network, device, clock_hz=clock, images_per_second=rate, arrival=arrival)
    assert not misfits(network, shorter, device)
    assert shorter.pixels == arrival.pixels
    assert arrival.cycles <= shorter.interval(network) <= clock / rate


@pytest.mark.parametrize("arrival", [Arrival(25), Arrival(98, 8), Arrival(1000)])
def test_no_schedule_is_faster_than_images_come(tfc, arrival):
    device = find_device("ulx3s-85f")
    schedule = choose(tfc, device, clock_hz=50e6, arrival=arrival)
    asked = choose(tfc, device, clock_hz=50e6, images_per_second=50e6 / arrival.cycles,
                   arrival=arrival)
    assert schedule == asked
    assert schedule.interval(tfc) <= arrival.cycles
    assert arrival.pixels in (None, schedule.pixels)


def test_a_device_that_is_slower_than_images_come_has_its_fastest_schedule(tfc):
    device = find_device("icebreaker")
    schedule = choose(tfc, device, clock_hz=24e6, arrival=Arrival(25, 32))
    assert schedule.pixels == 32
    fastest = choose(tfc, device, clock_hz=24e6)
    assert 25 < schedule.interval(tfc) <= 1.05 * fastest.interval(tfc)


def test_a_sparse_network_is_wired(sparse):
    schedule = choose(sparse, find_device("ulx3s-25f"), clock_hz=50e6)
    assert {type(part) for part in schedule.layers.values()} == {Wired}
    assert schedule.interval(sparse) == 1


def test_too_fast_a_rate_for_the_device_is_refused(tfc):
    with pytest.raises(ValueError, match=r"^Schedule must fit iCE40UP5K: [\d,]+ LUT4 needed, 4,857 "
                                         r"there \(\d+ % too many\).* \(a lower rate, smaller pe "
                                         r"and simd, fewer synapses, now 59,008 of 59,008 weights, "
                                         r"or a larger device would help\)$"):
        choose(tfc, find_device("icebreaker"), clock_hz=24e6, images_per_second=1_000_000)


def test_a_rate_above_the_clock_is_refused(tfc):
    with pytest.raises(ValueError, match=r"^Clock must be at least the images per second, one "
                                         r"image being a cycle at best: 24 MHz for 25,000,000 "
                                         r"images/s \(raise --freq\)$"):
        choose(tfc, find_device("icebreaker"), clock_hz=24e6, images_per_second=25e6)


def test_a_network_beyond_the_device_is_refused():
    network = random_network(np.random.default_rng(3), [784, 256, 128, 10], [40, 32, 64])
    with pytest.raises(ValueError, match=r"^Schedule must fit iCE40HX8K: [\d,]+ LUT4 needed, 7,065 "
                       r"there \(\d+ % too many\); [\d,]+ flip-flops needed, 7,065 there \(\d+ % "
                       r"too many\) \(fewer synapses, now 14,976 of 234,752 weights, would help; "
                       r"LFE5U-12F holds it\)$"):
        choose(network, find_device("iCE40HX8K"), clock_hz=24e6)


@pytest.mark.parametrize("rate", [None, 24e6])
def test_memory_that_does_not_suffice_is_called_memory(rate):
    """The LUT4 that the rest of the weights would take were named instead."""
    network = random_network(np.random.default_rng(3), [784, 1600, 1024, 10])
    with pytest.raises(ValueError, match=r"^Weights must fit the memory of iCE40UP5K: 2,835 kbit "
                       r"needed, 1,144 kbit there, 120 kbit in block RAM and 1,024 kbit in SPRAM "
                       r"\(fewer or smaller layers would help; LFE5U-85F holds it\)$"):
        choose(network, find_device("icebreaker"), clock_hz=24e6, images_per_second=rate)
    assert choose(network, find_device("LFE5U-85F"), clock_hz=24e6)


def test_a_layer_that_finds_no_memory_in_one_piece_is_named():
    network = random_network(np.random.default_rng(3), [784, 700, 700, 10])
    with pytest.raises(ValueError, match=r"^Weights must fit the memory of iCE40UP5K: 1,022 kbit "
                       r"needed, 1,144 kbit there, 120 kbit in block RAM and 1,024 kbit in SPRAM, "
                       r"of which layer 'fc\d' finds too few in one piece \(fewer or smaller "
                       r"layers would help; LFE5U-45F holds it\)$"):
        choose(network, find_device("icebreaker"), clock_hz=24e6)


def test_more_lanes_take_more():
    layer = random_network(np.random.default_rng(4), [64, 32, 10]).hidden[0]
    sizes = [layer_resources(layer, Scheduled(pe, 16), family, bits=64, width=16,
                             after_wired=False).lut4
             for family in ("ecp5", "ice40") for pe in (1, 2, 8, 32)]
    assert sizes[:4] == sorted(set(sizes[:4]))
    assert sizes[4:] == sorted(set(sizes[4:]))


def test_misfits_say_what_and_by_how_much(tfc):
    device = find_device("icebreaker")
    schedule = choose(tfc, find_device("ulx3s-85f"), clock_hz=24e6)
    over = {what: (needed, there) for what, needed, there in misfits(tfc, schedule, device)}
    assert over["LUT4"][0] > over["LUT4"][1] == 4857


def test_resources_add_up():
    assert Resources(1, 2, 3, 4) + Resources(10, 20, 30, 40) == Resources(11, 22, 33, 44)


def test_devices_are_found_by_part_and_by_board():
    assert find_device("lfe5u-25f") is find_device("ulx3s-25F") is find_device("ulx3s_25f")
    with pytest.raises(ValueError, match=r"^Device must be one of LFE5U-12F, .*: 'spartan'$"):
        find_device("spartan")


def test_devices_of_boards_are_those_of_the_catalog():
    assert {name: find_device(name).name for name in catalog()} == {
        name: board.device for name, board in catalog().items()}
    assert set(BOARDS) >= {name.replace("_", "-") for name in catalog()}


@pytest.mark.parametrize(("megahertz", "levels", "hops"), [
    (25, 13, [1]), (60, 4, [2, 1]), (80, 3, [2, 1]), (100, 2, [3, 2, 1]), (105, 2, [3, 2, 1]),
    (125, 2, [4, 3, 2, 1]), (150, 1, [5, 4, 3, 2, 1])])
def test_slower_clocks_get_longer_stages_and_fewer_copies(megahertz, levels, hops):
    parts = wired_modes("ecp5", megahertz * 1e6)
    assert parts == [*(Wired(levels, hops=fewer) for fewer in hops), Wired(levels + 1, hops=1)]
    assert [wired_modes("ice40", hertz) for hertz in (12e6, 24e6, 40e6)] == [
        [Wired(2)], [Wired(2)], [Wired(1)]]
