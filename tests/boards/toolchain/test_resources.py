"""Tests of boards.toolchain.resources: cells counted for the layer that they belong to."""

from boards.toolchain.resources import KINDS, attribute, draw, list_commands, read_cells


NAMES = {
    "lut4": ["top.accelerator.stages.wired_fc1.fc1.x0_LUT4_Z",
             "top.accelerator.stages.wired_fc1.fc1.x0_LUT4_Z_1",
             "top.accelerator.stages.wired_fc1.queue.level_LUT4_A",
             "top.accelerator.stages.wired_fc1.fc2.$abc$1.y",
             "top.accelerator.stages.to_fc1.count_LUT4_Z",
             "top.accelerator.stages.i__payload_LUT4_Z.x",
             "top.link.framer.check_LUT4_Z", "clock.timer_SB_LUT4_O", "pin_led0.o_LUT4_Z"],
    "ff": ["top.accelerator.stages.wired_fc1.fc1.x0", "top.leds_FF"],
    "block_ram": ["top.link.rom.0.0"],
    "spram": ["top.accelerator.stages.fc1.weights.chip0"],
}
USED = {"lut4": 11, "ff": 2, "block_ram": 1, "spram": 1}


def test_cells_count_for_the_innermost_layer():
    parts = attribute(NAMES, ["encoder", "fc1", "fc2"], USED)
    assert {name: part["lut4"] for name, part in parts.items()} == {
        "fc1": 2, "fc2": 1, "wired_fc1": 1, "to_fc1": 1, "accelerator": 1, "link": 1,
        "clock and pins": 2, "top": 0, "other": 2}
    assert parts["fc1"] == {"lut4": 2, "ff": 1, "block_ram": 0, "spram": 1}
    assert parts["link"]["block_ram"] == 1


def test_layers_come_first_in_their_order():
    assert list(attribute(NAMES, ["encoder", "fc1", "fc2"], USED))[:2] == ["fc1", "fc2"]


def test_parts_of_one_size_come_by_name():
    rest = list(attribute(NAMES, ["fc1", "fc2"], USED))[2:]
    assert rest == ["clock and pins", "accelerator", "link", "to_fc1", "wired_fc1", "top", "other"]


def test_every_used_resource_is_in_some_part():
    parts = attribute(NAMES, ["fc1"], USED)
    assert {kind: sum(part[kind] for part in parts.values()) for kind in KINDS} == USED


def test_a_cell_of_two_luts_counts_twice(tmp_path):
    (tmp_path / "cells.lut4.2.CCU2C.txt").write_text("top/top.link.a\ntop/top.link.b\n")
    (tmp_path / "cells.lut4.1.LUT4.txt").write_text("top/top.link.c\n")
    (tmp_path / "cells.ff.1.TRELLIS_FF.txt").write_text("")
    assert read_cells(tmp_path) == {
        "lut4": ["top.link.c", "top.link.a", "top.link.b", "top.link.a", "top.link.b"], "ff": [],
        "block_ram": [], "spram": []}


def test_yosys_is_told_to_write_what_is_read():
    assert list(list_commands("ice40")) == [
        "tee -q -o cells.lut4.1.SB_LUT4.txt select -list t:SB_LUT4",
        "tee -q -o cells.ff.1.SB_DFF.txt select -list t:SB_DFF*",
        "tee -q -o cells.block_ram.1.SB_RAM40_4K.txt select -list t:SB_RAM40_4K*",
        "tee -q -o cells.spram.1.SB_SPRAM256KA.txt select -list t:SB_SPRAM256KA"]


def test_a_picture_is_drawn(tmp_path):
    path = tmp_path / "resources.png"
    draw(path, attribute(NAMES, ["fc1"], USED),
         {"lut4": 5280, "ff": 5280, "block_ram": 30, "spram": 4}, "x")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [path]
