"""Tests of toolchain.report: the numbers are those of the build, and the table has them all."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from boards.board import find
from boards.request import Request
from boards.toolchain import report
from boards.toolchain.flow import Outcome
from boards.toolchain.tools import Tool
from boards.top import Top
from hw.plan.pll import solve
from hw.plan.schedule import Schedule, Scheduled, Wired
from sw.command import MHZ
from tests.networks import lookup_network, random_images, random_network


BOARD = find("icebreaker")
NETWORK = random_network(np.random.default_rng(6), (784, 8, 10), (4, 4))
TOP = Top(NETWORK, Schedule(16, {"fc0": Scheduled(2, 16), "scores": Scheduled(1, 8)}),
          clock_hz=24 * MHZ, baud=1_000_000, board="icebreaker",
          images=random_images(np.random.default_rng(7), 1, NETWORK))


def outcome(tmp_path, pll):
    used = {"lut4": 1200, "ff": 800, "block_ram": 5, "spram": 3}
    return Outcome(tmp_path / "net.bin", 24e6, 36e6, used, {},
                   (Tool("yosys", ("yosys",), "0.70", "YoWASP"),), pll)


def create(tmp_path, pll=None, estimate=None, board=BOARD, network=NETWORK, top=TOP, **others):
    request = Request(board, network, tmp_path / "net.net.npz")
    return report.create(report.Built(request, top, outcome(tmp_path, pll), estimate or {}, {},
                                      {"place": 3.2}, **others))


def record(tmp_path, **changes):
    """Write the record of an evaluation of the network."""
    (tmp_path / "net.eval.json").write_text(json.dumps({
        "identity": NETWORK.identity, "dataset": "mnist", "images": 10000, "correct": 9512,
        "accuracy": 95.12, **changes}))


def test_speed_is_clock_over_interval(tmp_path):
    rates = create(tmp_path)["images_per_second"]
    assert TOP.info.interval == 49 * 4
    assert rates["core"] == 24e6 / 196
    assert rates["core_at_reached_clock"] == 36e6 / 196
    assert rates["link"] == 1_000_000 / 10 / 98  # 784 pixels of one bit


def test_resources_are_used_free_and_compared_with_the_estimate(tmp_path):
    resources = create(tmp_path, estimate={"lut4": 1320, "ff": 720})["resources"]
    assert resources["lut4"] == {"used": 1200, "free": 4080, "available": 5280, "estimate": 1320,
                                 "estimate_error_percent": pytest.approx(10)}
    assert resources["ff"]["estimate_error_percent"] == pytest.approx(-10)
    assert resources["block_ram"] == {"used": 5, "free": 25, "available": 30, "estimate": None,
                                      "estimate_error_percent": None}


def test_weights_for_the_flash_are_named(tmp_path):
    weights = tmp_path / "net.flash.bin"
    weights.write_bytes(bytes(3333))
    made = create(tmp_path, weights=weights)
    assert made["weights"] == {"file": "net.flash.bin", "offset": 2**20, "octets": 3333}
    assert ("weights           net.flash.bin, 3,333 octets at 1,048,576 in the flash"
            in report.table(made).splitlines())
    assert "weights" not in create(tmp_path)


def test_a_device_without_spram_reports_none(tmp_path):
    made = create(tmp_path, board=find("ice40_hx8k_b_evn"))
    assert list(made["resources"]) == ["lut4", "ff", "block_ram"]


def test_accuracy_is_that_of_the_same_network(tmp_path):
    assert create(tmp_path)["accuracy"] is None
    record(tmp_path)
    assert create(tmp_path)["accuracy"] == {"percent": 95.12, "correct": 9512, "images": 10000,
                                            "dataset": "mnist"}
    record(tmp_path, identity="0" * 64)
    assert create(tmp_path)["accuracy"] is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "not JSON", "[" * 100_000])
def test_a_damaged_evaluation_counts_as_none(tmp_path, text):
    (tmp_path / "net.eval.json").write_text(text)
    assert create(tmp_path)["accuracy"] is None


@pytest.mark.parametrize("changes", [{"correct": "9"}, {"correct": 10001}, {"images": 0},
                                     {"dataset": None}, {"correct": True}])
def test_an_evaluation_of_no_sense_counts_as_none(tmp_path, changes):
    """It would break the report's table, after hours of place and route."""
    record(tmp_path, **changes)
    assert create(tmp_path)["accuracy"] is None


def test_the_plls_setting_is_in_the_report(tmp_path):
    clock = create(tmp_path, pll=solve("ice40", 12 * MHZ, 24 * MHZ))["clock"]
    assert clock == {"megahertz": 24, "reached": 36, "oscillator": 12,
                     "pll": {"divr": 0, "divf": 63, "divq": 5}}
    assert create(tmp_path)["clock"] == {"megahertz": 24, "reached": 36}


def test_a_report_is_json(tmp_path):
    made = create(tmp_path, pll=solve("ice40", 12 * MHZ, 24 * MHZ), estimate={"lut4": 1000})
    assert json.loads(json.dumps(made)) == made
    assert made["format"] == "thresher-report/1"


def test_the_table_has_every_number(tmp_path):
    record(tmp_path)
    path = tmp_path / "net.net.npz"
    assert report.table(create(tmp_path, estimate={"lut4": 1320})).splitlines() == [
        "board             icebreaker (iCE40UP5K)",
        f"network           {path}, identity {NETWORK.identity[:12]}",
        "accuracy          95.12 % (9512 of 10000, mnist)",
        "interval          196 cycles",
        f"latency           {TOP.info.latency} cycles",
        "clock             24.00 MHz used, 36.00 MHz reached",
        "images/s, core    122,449",
        "images/s, link    1,020 at 1,000,000 baud",
        "LUT4              1,200 used, 4,080 free (23%); estimate 1,320 (+10.0 %)",
        "flip-flops        800 used, 4,480 free (15%)",
        "block RAM         5 used, 25 free (17%)",
        "SPRAM             3 used, 1 free (75%)",
        f"synapses          {NETWORK.synapses}",
        f"LUT4 per synapse  {1200 / NETWORK.synapses:.2f} (all of the design's LUT4)",
        "tools             yosys 0.70 (YoWASP)",
        "time              place 3 s"]


def test_a_look_up_network_has_tables_and_votes_and_no_area_a_synapse(tmp_path):
    network = lookup_network(np.random.default_rng(3), 784, [(40, 4), (30, 6)], unread=0)
    top = Top(network, Schedule(784, dict.fromkeys(("lookup0", "lookup1", "scores"), Wired(2))),
              clock_hz=24 * MHZ, baud=1_000_000, board="icebreaker",
              images=random_images(np.random.default_rng(7), 1, network))
    made = create(tmp_path, network=network, top=top)
    assert made["network"]["parts"] == {"tables": 70, "votes": 30}
    assert made["lut4_per_synapse"] is None
    lines = report.table(made).splitlines()
    assert [line.split() for line in lines if "tables" in line or "votes" in line] == [
        ["tables", "70"], ["votes", "30"]]
    assert "synapse" not in report.table(made)


def test_the_table_says_how_to_evaluate(tmp_path):
    assert (f"accuracy          not evaluated (run: python -m sw.evaluate "
            f"{tmp_path / 'net.net.npz'})") in report.table(create(tmp_path)).splitlines()


def test_long_answers_slow_the_link_down():
    info = SimpleNamespace(image_bytes=2, result_bytes=21, baud=1_000_000)
    assert report.link_rate(info) == 1_000_000 / 210
