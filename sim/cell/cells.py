"""Verilog of a netlist for simulation: LUTs and flip-flops as expressions, memories as models.

What a cell does is stated as in Yosys' cell libraries (``techlibs/ice40/cells_sim.v``,
``techlibs/lattice``); tests/sim/cell/test_cells.py compares each with its original there.
"""

import re
from pathlib import Path

from .netlist_json import Netlist, parameter


__all__ = ["to_verilog"]

MODELS = {family: Path(__file__).with_name(f"cells_{family}.v") for family in ("ecp5", "ice40")}

# Flip-flops of iCE40: SB_DFF, N for the other edge, E for enable, then asynchronous or synchronous
# reset or set.
SB_DFF = re.compile(r"SB_DFF(N?)(E?)(R|S|SR|SS)?$")


def to_verilog(netlist, family):
    """Return a netlist as Verilog that simulates fast.

    Every net is one bit, so that no vector seems to depend on itself. An ``x`` in the netlist is an
    ``x`` in Verilog: whoever simulates should let it be a random value.

    Parameters
    ----------
    netlist : dict
        Yosys' JSON, of one module without hierarchy.
    family : str
        ``"ecp5"`` or ``"ice40"``.

    Returns
    -------
    str
        The module, named as it is there, and the modules that it uses.

    Raises
    ------
    ValueError
        If there is a cell that is not known here.
    """
    text = Netlist(netlist)
    models = MODELS[family].read_text(encoding="utf-8")
    known = set(re.findall(r"^module (\w+)", models, re.MULTILINE))
    for name, cell in text.cells.items():
        kind = cell["type"]
        if kind in WRITERS:
            WRITERS[kind](text, cell)
        elif match := SB_DFF.match(kind):
            _sb_dff(text, cell, *match.groups())
        elif kind in known:
            text.instance(cell)
        elif kind != "$scopeinfo":
            raise ValueError(f"Cell {name!r} must be of a kind that sim.cell.cells knows: {kind}")
    return text.module() + "\n" + models


def _look_up(text, table, pins):
    """Return an expression for a LUT: constant inputs are looked up here."""
    varying = [pin for pin in pins if pin not in ("1'b0", "1'b1")]
    base = sum((pin == "1'b1") << place for place, pin in enumerate(pins))
    places = [place for place, pin in enumerate(pins) if pin in varying]
    kept = 0
    for index in range(2**len(varying)):
        entry = base + sum((index >> number & 1) << place for number, place in enumerate(places))
        kept |= (table >> entry & 1) << index
    if not varying:
        return f"1'b{kept}"
    size = 2**len(varying)
    return f"{size}'h{kept:x} >> {{{', '.join(reversed(varying))}}}"


def _lut4(text, cell):
    table = parameter(cell, "INIT")
    text.assign(cell, "Z", _look_up(text, table, [text.pin(cell, pin) for pin in "ABCD"]))


def _sb_lut4(text, cell):
    table = parameter(cell, "LUT_INIT")
    text.assign(cell, "O", _look_up(text, table, [text.pin(cell, f"I{pin}") for pin in range(4)]))


def _pfumx(text, cell):
    high, low, chooser = (text.pin(cell, pin) for pin in ("ALUT", "BLUT", "C0"))
    text.assign(cell, "Z", f"{chooser} ? {high} : {low}")


def _l6mux21(text, cell):
    high, low, chooser = (text.pin(cell, pin) for pin in ("D1", "D0", "SD"))
    text.assign(cell, "Z", f"{chooser} ? {high} : {low}")


def _sb_carry(text, cell):
    a, b, carry = (text.pin(cell, pin) for pin in ("I0", "I1", "CI"))
    text.assign(cell, "CO", f"{a} & {b} | ({a} | {b}) & {carry}")


def _ccu2c(text, cell):
    """Two positions of a carry chain."""
    carry = text.pin(cell, "CIN")
    for half in "01":
        inject = cell["parameters"].get(f"INJECT1_{half}", "YES").strip() == "YES"
        table = parameter(cell, f"INIT{half}")
        pins = [text.pin(cell, f"{pin}{half}") for pin in "ABCD"]
        wide = text.wire(_look_up(text, table, pins))
        narrow = "1'b0" if inject else f"({_look_up(text, table & 0xf, pins[:2])})"
        text.assign(cell, f"S{half}", wide if inject else f"{wide} ^ {carry}")
        carry = text.wire(f"{wide} ? {carry} : {narrow}")
    text.assign(cell, "COUT", carry)


def _trellis_ff(text, cell):
    settings = {name: value.strip() for name, value in cell["parameters"].items()}
    if settings.get("LSRMODE", "LSR") != "LSR":
        raise ValueError(f"LSRMODE of a flip-flop must be LSR: {settings['LSRMODE']}")

    def muxed(mux, pin):
        chosen = settings.get(mux, "1" if mux == "CEMUX" else pin)
        return {"1": "1'b1", "0": "1'b0", "INV": f"~{text.pin(cell, pin)}"}.get(
            chosen, text.pin(cell, pin))

    text.flip_flop(cell, clock=muxed("CLKMUX", "CLK"), data="DI", enable=muxed("CEMUX", "CE"),
                   reset=muxed("LSRMUX", "LSR"), value=int(settings.get("REGSET") == "SET"),
                   start=int(settings.get("REGSET") == "SET"),
                   reset_needs_enable=False, at_once=settings.get("SRMODE") == "ASYNC")


def _sb_dff(text, cell, negative, enabled, reset):
    text.flip_flop(cell, clock=("~" if negative else "") + text.pin(cell, "C"), data="D",
                   enable=text.pin(cell, "E") if enabled else "1'b1",
                   reset=text.pin(cell, reset[-1]) if reset else "1'b0",
                   value=int(bool(reset) and reset[-1] == "S"), start=0,
                   reset_needs_enable=len(reset or "") == 2, at_once=len(reset or "") == 1)


def _dp16kd(text, cell):
    """Two-port block RAM: its pins joined to vectors, its contents to one number."""
    settings = {name: value.strip() for name, value in cell["parameters"].items()}
    for port in "AB":
        for name, wanted in ((f"REGMODE_{port}", ("NOREG", "OUTREG")),
                             (f"CSDECODE_{port}", ("0b000",))):
            if settings.get(name, wanted[0]) not in wanted:
                raise ValueError(f"{name} of a block RAM must be {' or '.join(wanted)}: "
                                 f"{settings[name]}")
        if settings.get("RESETMODE") == "ASYNC" and text.pin(cell, f"RST{port}") != "1'b0":
            raise ValueError(f"RST{port} of a block RAM must be 0 where RESETMODE is ASYNC")
    words = [int(settings.get(f"INITVAL_{row:02X}", "0").replace("x", "0"), 2) >> 20 * place
             & 0x3ffff for row in range(64) for place in range(16)]
    contents = sum(word << 18 * index for index, word in enumerate(words))
    options = [f".INIT(18432'h{contents:x})"]
    for port in "AB":
        options += [f".DATA_WIDTH_{port}({parameter(cell, f'DATA_WIDTH_{port}')})",
                    f".WRITEMODE_{port}(\"{settings.get(f'WRITEMODE_{port}', 'NORMAL')}\")",
                    f".REGMODE_{port}(\"{settings.get(f'REGMODE_{port}', 'NOREG')}\")"]
    pins = []
    for port in "AB":
        inverted = "~" * (settings.get(f"CLK{port}MUX") == "INV")
        pins.append(f".CLK{port}({inverted}{text.pin(cell, f'CLK{port}')})")
        pins += [f".{name}{port}({text.pin(cell, f'{name}{port}')})"
                 for name in ("CE", "OCE", "WE", "RST")]
        for name, size in (("AD", 14), ("DI", 18)):
            bits = [text.pin(cell, f"{name}{port}{place}") for place in reversed(range(size))]
            pins.append(f".{name}{port}({{{', '.join(bits)}}})")
        outputs = [text.output(cell, f"DO{port}{place}") or text.unused()
                   for place in reversed(range(18))]
        pins.append(f".DO{port}({{{', '.join(outputs)}}})")
    text.place("DP16KD", options, pins)


def _trellis_io(text, cell):
    """Pin of ECP5, in or out."""
    direction = cell["parameters"]["DIR"].strip()
    if direction == "INPUT":
        text.assign(cell, "O", text.pin(cell, "B"))
    elif direction == "OUTPUT":
        text.assign(cell, "B", text.pin(cell, "I"))
    else:
        raise ValueError(f"Pin must be an input or an output: {direction}")


def _sb_io(text, cell):
    """Pin of iCE40, in or out, without registers."""
    kind = cell["parameters"]["PIN_TYPE"]
    if kind == "000001":
        text.assign(cell, "D_IN_0", text.pin(cell, "PACKAGE_PIN"))
    elif kind in ("011001", "101001") and text.pin(cell, "OUTPUT_ENABLE", "1") == "1'b1":
        text.assign(cell, "PACKAGE_PIN", text.pin(cell, "D_OUT_0"))
    else:
        raise ValueError(f"Pin must be a plain input or output: PIN_TYPE {kind}")


WRITERS = {"LUT4": _lut4, "PFUMX": _pfumx, "L6MUX21": _l6mux21, "CCU2C": _ccu2c,
           "TRELLIS_FF": _trellis_ff, "DP16KD": _dp16kd, "TRELLIS_IO": _trellis_io,
           "SB_LUT4": _sb_lut4, "SB_CARRY": _sb_carry, "SB_IO": _sb_io}
