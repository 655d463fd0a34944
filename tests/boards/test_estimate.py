"""boards.estimate: what a network takes, before it is trained or built."""

import io
import json

import pytest

from boards import estimate
from boards.board import catalog, find
from boards.suggest import measured, usual_seconds
from hw.estimate import estimate as parts_of
from hw.estimate import shell_resources
from hw.solver import choose_at
from sw import network as networks
from sw import untrained
from sw.artefact import artefact
from sw.command import MHZ


TFC = {"name": "tfc", "hidden": [64, 64, 64], "synapses": None, "levels": None}
SPARSE = {"name": "sparse", "hidden": [40, 30], "synapses": [6, 4, 8], "levels": 2}
TABLES = {"name": "tables", "layers": [{"neurons": 60, "inputs": 4, "near": None},
                                       {"neurons": 30, "inputs": 4, "near": 9}], "levels": None}


def answers(*requests):
    """Return what the service answers, an object a line."""
    out = io.StringIO()
    estimate.serve([json.dumps(request) + "\n" for request in requests], out)
    return list(map(json.loads, out.getvalue().splitlines()))


def test_an_estimate_is_that_of_the_bitstream():
    board, network = find("icebreaker"), networks.load(artefact("icebreaker"))
    schedule = choose_at(network, board.fpga, oscillator=board.oscillator, wished=24 * MHZ)
    used = (parts_of(network, schedule, "ice40").total
            + shell_resources(network, schedule, "ice40"))
    found = estimate.estimated(board, network)
    assert found["used"] == vars(used)
    assert (found["interval"], found["images_per_second"]) == (1, 24e6)
    assert [layer["name"] for layer in found["layers"]] == [
        layer.name for layer in network.layers]


@pytest.mark.parametrize(("recipe", "shape", "parts"), [
    (TFC, [28, 28], {"synapses": 784 * 64 + 2 * 64 * 64 + 64 * 3}),
    (SPARSE, [5, 5], {"synapses": 40 * 6 + 30 * 4 + 3 * 8}),
    (TABLES, [4, 4, 3], {"tables": 90, "votes": 30})])
def test_an_untrained_network_has_the_layers_of_its_recipe(recipe, shape, parts):
    made = untrained.network(recipe, shape, 3)
    assert (made.parts, made.classes, made.input_shape) == (parts, 3, tuple(shape))
    assert made.identity == untrained.network(recipe, shape, 3).identity


def test_convolutions_are_refused_before_training():
    with pytest.raises(ValueError, match=r"^Recipe must have threshold or look-up layers: 'cnv' "
                                         r"\(train it, then estimate the network\)$"):
        untrained.network({"name": "cnv", "layers": "conv 64, scores"}, [32, 32, 3], 10)


def test_untrained_and_trained_networks_are_estimated_alike():
    own, trained = answers(
        {"board": "icebreaker", "recipe": TFC, "shape": [28, 28], "classes": 10},
        {"board": "icebreaker", "network": "tfc"})
    assert own["parts"] == trained["parts"]
    assert abs(own["used"]["lut4"] / trained["used"]["lut4"] - 1) < 0.1


def test_the_service_says_what_is_wrong_and_goes_on():
    wrong, unknown, none, last = answers(
        {"board": "nowhere", "network": "tfc"}, {"board": "icebreaker", "network": "nonet"}, [],
        {"boards": True})
    assert wrong["error"].startswith("Board must be one of ")
    assert unknown["error"].startswith("Network must be a file or one of ")
    assert set(none) == {"error"}
    assert [board["name"] for board in last["boards"]] == list(catalog())


@pytest.mark.parametrize(("shape", "board", "default", "reason"), [
    ([28, 28], "icebreaker", "tfc", "usual"), ([28, 28], "ulx3s-25f", "ulx3s-25f", "usual"),
    ([32, 32, 3], "ulx3s-25f", "tfc", "small"), ([16], "icebreaker", "tfc", "usual")])
def test_a_default_suits_data_and_board(shape, board, default, reason):
    found, = answers({"board": board, "dataset": "own", "shape": shape})
    assert (found["default"], found["reason"]) == (default, reason)
    assert found["names"][0] == default
    assert len(set(found["names"])) == len(found["names"])


def test_measured_networks_are_suggested():
    found, = answers({"board": "icebreaker", "dataset": "mnist", "shape": [28, 28]})
    assert {"tfc", "icebreaker"} <= {row["recipe"] for row in found["measured"]}
    assert {row["board"] for row in found["measured"]} == {"icebreaker"}
    other, = answers({"board": "icebreaker", "dataset": "own", "shape": [20, 24]})
    assert {row["dataset"] for row in other["measured"]} == {"mnist"}
    assert {row["recipe"] for row in other["measured"]} <= set(other["names"])


def test_a_first_build_takes_about_as_long_as_a_published_one():
    shares = sorted(row["seconds"]["place"] / row["lut4"] for row in measured()
                    if row["board"] == "icebreaker")
    assert shares[0] < usual_seconds("ice40", 1000)["place"] / 1000 < shares[-1]
    assert usual_seconds("ice40", 2000) == pytest.approx(
        {step: 2 * seconds for step, seconds in usual_seconds("ice40", 1000).items()})
    assert usual_seconds("none", 1000) == {}


PART = {"device": "iCE40UP5K", "package": "SG48", "clock_pin": "35", "clock_mhz": "12",
        "rx_pin": "6", "tx_pin": "9", "leds": "!41,!40"}


def test_a_bare_part_is_a_board():
    part, own, wrong, few = answers(
        {"board": PART}, {"board": PART, "network": "tfc"},
        {"board": {**PART, "clock_mhz": "x"}}, {"board": {"device": "iCE40UP5K"}})
    assert (part["name"], part["lut4"]) == ("ice40up5k-sg48", 5280)
    assert (own["board"], own["used"]["spram"]) == (part["name"], 0)  # nothing fills its SPRAMs
    assert wrong == {"error": "--clock-mhz must be a number of MHz: 'x'"}
    assert few == {"error": "A bare part must have --package, --clock-pin, --clock-mhz, --rx-pin, "
                            "--tx-pin too: only --device given (or name a board: python -m "
                            "boards.build --list)"}


def test_a_file_that_changes_is_estimated_anew(tmp_path):
    path = tmp_path / "own.net.npz"
    request = {"board": "icebreaker", "network": str(path)}
    for name in ("tfc", "icebreaker"):
        path.write_bytes(artefact(name).read_bytes())
        own, published = answers(request, {"board": "icebreaker", "network": name})
        assert own == published


def test_the_command_prints_a_table(capsys):
    estimate.main(["icebreaker", "icebreaker"])
    lines = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    assert lines["interval"].strip() == "1 cycles at 24 MHz"
    assert lines["LUT4"].strip().endswith(" of 5,280")
