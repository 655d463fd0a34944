# amaranth: UnusedElaboratable=no
"""sim.netlist, cell.romcheck: the synthesized netlist equals golden, and a fault in it is found."""

import copy
import json
import re

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from sim import full
from sim.cell.decompile import with_sprams, without_repeated_ports
from sim.cell.pins import with_pins
from sim.cell.romcheck import columns_of, missing_columns, netlist_block_rams
from sim.model.networks import random_network
from sim.netlist import compile_netlist, main, synthesize

from ..networks import conv_network, random_images


NETWORK = random_network((30, 12, 9, 10), thresholds=(64, 128))
SCHEDULES = {
    "scheduled": Schedule(5, {"fc0": Scheduled(3, 7, rom="block"), "fc1": Scheduled(4, 5),
                              "scores": Scheduled(2, 3)}),
    "wired": Schedule(30, {"fc0": Wired(3), "fc1": Wired(), "scores": Wired()}),
}
IMAGES = np.random.default_rng(3).integers(256, size=(300, 30), dtype=np.uint8)


@pytest.fixture(scope="module")
def netlists(tmp_path_factory):
    """Return a function that synthesizes once."""
    made = {}

    def get(schedule, family):
        if (schedule, family) not in made:
            accelerator = Accelerator(NETWORK, SCHEDULES[schedule])
            path = synthesize(accelerator, family, tmp_path_factory.mktemp(f"{schedule}{family}"))
            made[schedule, family] = json.loads(path.read_text(encoding="utf-8"))
        return made[schedule, family]
    return get


def problems(netlist, schedule, family, *, seed=0):
    accelerator = Accelerator(NETWORK, SCHEDULES[schedule])
    model = compile_netlist(netlist, family)
    outcome = full.run_model(model, accelerator, IMAGES, seed=seed, progress=False)
    return full.compare(accelerator, IMAGES, outcome, timed=not seed)[0]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("family", ["ecp5", "ice40"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_netlist_equals_golden(netlists, schedule, family, seed):
    assert problems(netlists(schedule, family), schedule, family, seed=seed) == []


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_the_netlist_of_a_first_layer_of_integers_equals_golden(tmp_path, family):
    rng = np.random.default_rng(5)
    network = conv_network(rng, (5, 6, 3), [
        ("integer_conv2d", 4, {"padding": 1, "pad_value": 90, "synapses": 14})], last="scores2d")
    accelerator = Accelerator(network, Schedule(3, {"integer_c0": Scheduled(2, 9),
                                                    "scores": Scheduled(3, 2)}))
    images = random_images(rng, 60, network)
    path = synthesize(accelerator, family, tmp_path)
    model = compile_netlist(json.loads(path.read_text(encoding="utf-8")), family)
    for seed in (0, 1):
        outcome = full.run_model(model, accelerator, images, seed=seed, progress=False)
        assert full.compare(accelerator, images, outcome, timed=not seed)[0] == []


@pytest.mark.parametrize(("schedule", "family", "kind", "name"), [
    ("wired", "ecp5", "CCU2C", "INIT0"), ("wired", "ice40", "SB_LUT4", "LUT_INIT")])
def test_wrong_tables_of_cells_are_found(netlists, schedule, family, kind, name):
    netlist = copy.deepcopy(netlists(schedule, family))
    cells = [cell for cell in netlist["modules"]["accelerator"]["cells"].values()
             if cell["type"] == kind]
    for cell in cells[len(cells) // 2:]:
        bits = cell["parameters"][name]
        cell["parameters"][name] = bits.translate(str.maketrans("01", "10"))
    assert re.match(r"\d+ of \d+ answers differ|only \d+ of 300", problems(
        netlist, schedule, family)[0])


def test_every_column_of_weights_is_in_block_ram_and_a_flipped_bit_is_missed(netlists):
    netlist = copy.deepcopy(netlists("scheduled", "ecp5"))
    accelerator = Accelerator(NETWORK, SCHEDULES["scheduled"])
    looked, missing = missing_columns(accelerator, netlist_block_rams(netlist))
    assert looked > 20
    assert missing == []
    ram = next(cell for cell in netlist["modules"]["accelerator"]["cells"].values()
               if cell["type"] == "DP16KD" and "1" in cell["parameters"]["INITVAL_00"])
    bits = ram["parameters"]["INITVAL_00"]
    last = bits.rindex("1")
    ram["parameters"]["INITVAL_00"] = f"{bits[:last]}0{bits[last + 1:]}"
    assert missing_columns(accelerator, netlist_block_rams(netlist))[1] != []


def test_columns_of_a_narrow_word_leave_the_ninth_bit_out():
    contents = (0b1_0000_0011, *[0] * 2047)
    assert columns_of(contents, 4)[:2] == [1, 1]
    assert columns_of(contents, 9)[8] == 1
    assert [len(columns_of(contents, width)) for width in (1, 9, 18, 36)] == [1, 9, 18, 36]


def test_ports_are_not_declared_twice():
    text = ("module chip (input a__io, output b__io);\n\nwire n1, a__io, n2;\nwire b__io;\n"
            "assign b__io = n1;\nendmodule\n")
    assert "wire n1, n2;\n\nassign b__io" in without_repeated_ports(text)


def test_sprams_are_added_where_their_pins_are():
    text = ("module chip (input a);\n\nwire n1;\n// (0, 1, 'clk')\n// (0, 2, 'clk')\n\n"
            "reg n2 = 0;\n// (0, 1, 'slf_op_0')\n\nassign n3 = /* LUT */ n1;\n\nendmodule\n")
    pins = {"CLOCK": [0, 2, "clk"], "DATAOUT_0": [0, 1, "slf_op_0"],
            "DATAOUT_1": [0, 1, "slf_op_1"], "WREN": [0, 3, "lutff_4/in_1"]}
    verilog = with_sprams(text, [pins])
    assert "//" not in verilog
    assert "/*" not in verilog
    assert ("SB_SPRAM256KA spram0 (\n    .CLOCK({n1}),\n    .DATAOUT({spram0_0, n2}),\n"
            "    .WREN({1'b0})\n);\nendmodule") in verilog
    assert with_sprams(text, []).count("SPRAM") == 0


def test_a_design_without_a_serial_port_is_refused():
    with pytest.raises(ValueError, match=r"^Design must have the pin uart_0__rx__io: it has clk$"):
        with_pins("", "chip", "clk", ["clk"])


def test_a_limit_of_0_is_refused():
    with pytest.raises(ValueError, match=r"^Limit must be at least 1: 0$"):
        main(["network.net.npz", "--limit", "0"])
