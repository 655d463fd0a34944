"""Contents of a bitstream: iCE40's as Verilog, block RAMs of ECP5's as bits."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from boards.toolchain import tools


__all__ = ["block_rams", "chip_verilog", "find_icebox", "ice40_clock"]

ZERO = "1'b0"  # an input of the chip that nothing is routed to

# Prints the SPRAMs of a bitstream that are switched on: icebox knows where their pins are.
SPRAMS = """
import json, re, sys
sys.path.insert(0, sys.argv[1])
import icebox
chip = icebox.iceconfig()
chip.read_file(sys.argv[2])
found = []
for pins in icebox.spram_db.get(chip.device, {}).values():
    x, y, switch = pins["SPRAM_EN"]
    for entry in chip.tile_db(x, y):
        if entry[1:3] == ["IpConfig", switch]:
            row, column = map(int, re.match(r"B(\\d+)\\[(\\d+)\\]", entry[0][0]).groups())
            if chip.tile(x, y)[row][column] == "1":
                found.append({pin: wire for pin, wire in pins.items() if pin != "SPRAM_EN"})
print(json.dumps(found))
"""

ICEBOX = Path("/usr/share/fpga-icestorm/python/icebox_vlog")


def find_icebox():
    """Return the command of icebox_vlog: ``$ICEBOX_VLOG``, on the PATH, or where Debian puts it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    named = os.environ.get("ICEBOX_VLOG")
    for candidate in [named] if named else ["icebox_vlog", ICEBOX]:
        path = shutil.which(candidate) or (candidate if Path(candidate).is_file() else None)
        if path:
            return [sys.executable, str(path)]
    raise FileNotFoundError(
        f"icebox_vlog must be there to read an iCE40 bitstream: {named or 'it is not on the PATH'} "
        f"(on Debian and Ubuntu 'sudo apt install fpga-icestorm': it goes to the system's "
        f"folders; or, without root, 'apt download fpga-icestorm', 'dpkg -x fpga-icestorm*.deb "
        f"icestorm' and ICEBOX_VLOG=icestorm{ICEBOX})")


def chip_verilog(bitstream, constraints, clock, *, top="chip"):
    """Return an iCE40 bitstream as Verilog: look-up tables, flip-flops, block RAMs and the PLL.

    Parameters
    ----------
    bitstream : Path
        The bitstream.
    constraints : Path
        PCF file that names its pins.
    clock : str
        Its pin for the oscillator. Where that feeds the PLL's pad, icebox leaves it unconnected.
    top : str
        Name of the module.

    Returns
    -------
    str
    """
    icebox = find_icebox()
    with tempfile.TemporaryDirectory() as folder:
        _unpack("iceunpack", bitstream, folder)
        shutil.copyfile(constraints, Path(folder, "pins.pcf"))
        commented = _call([*icebox, "-n", top, "-p", "pins.pcf", "unpacked"], folder)
        sprams = json.loads(_call([sys.executable, "-c", SPRAMS, Path(icebox[-1]).parent,
                                   "unpacked"], folder))
    verilog = with_sprams(without_repeated_ports(commented), sprams)
    return re.sub(r"\.PACKAGEPIN\(n\d+\)", f".PACKAGEPIN({clock})", verilog)


def with_sprams(commented, sprams):
    """Return icebox_vlog's Verilog with the SPRAMs that it leaves out, without its comments.

    Parameters
    ----------
    commented : str
        What it says of an UP5K; behind each net are the wires of the chip that it consists of.
    sprams : list of dict
        Wire of each pin, ``[x, y, name]``, of each SPRAM that is used.

    Returns
    -------
    str
    """
    nets, net = {}, None
    for line in commented.split("\n"):
        if match := re.match(r"(?:wire|reg) (\w+)(?: = 0)?;", line):
            net = match[1]
        elif net and (match := re.match(r"// \((\d+), (\d+), '(.*)'\)", line)):
            nets[int(match[1]), int(match[2]), match[3]] = net
        else:
            net = None
    instances = []
    for number, wires in enumerate(sprams):
        pins = {}
        for pin, wire in wires.items():
            name, _, place = pin.partition("_")
            pins.setdefault(name, {})[int(place or 0)] = nets.get(tuple(wire))
        lines = []
        for name, bits in pins.items():
            ordered = [bits[place] for place in reversed(range(len(bits)))]
            if name == "DATAOUT":
                ordered = [net or f"spram{number}_{place}" for place, net in enumerate(ordered)]
            lines.append(f"    .{name}({{{', '.join(net or ZERO for net in ordered)}}})")
        instances += [f"SB_SPRAM256KA spram{number} (", ",\n".join(lines), ");"]
    bare = re.sub(r"//.*|/\*.*?\*/", "", commented)
    return bare.replace("endmodule", "\n".join([*instances, "endmodule"]))


def without_repeated_ports(verilog):
    """Return Verilog of icebox_vlog without wires that are ports: it declares those twice."""
    header = re.search(r"^module \S+ \((.*?)\);", verilog, re.MULTILINE)[1]
    ports = set(re.findall(r"(?:input|output|inout) (\S+?)(?:,|$)", header))

    def kept(line):
        names = [name for name in line[1].split(", ") if name not in ports]
        return f"wire {', '.join(names)};" if names else ""

    return re.sub(r"^wire ([\w, ]+);", kept, verilog, flags=re.MULTILINE)


def ice40_clock(verilog, oscillator):
    """Return the clock that the PLL in a decompiled bitstream makes of an oscillator, in Hz."""
    found = {name: int(bits, 2) for name, bits in
             re.findall(r"\.(DIVR|DIVF|DIVQ)\(\d+'b([01]+)\)", verilog)}
    if not found:
        return oscillator
    return oscillator * (found["DIVF"] + 1) / ((found["DIVR"] + 1) << found["DIVQ"])


def block_rams(bitstream):
    """Return the contents of an ECP5 bitstream's block RAMs that are used.

    Parameters
    ----------
    bitstream : Path
        The bitstream.

    Returns
    -------
    list of tuple of int
        2,048 words of 9 bits each.
    """
    with tempfile.TemporaryDirectory() as folder:
        text = _unpack("ecpunpack", bitstream, folder).read_text(encoding="utf-8")
    contents = []
    for block in text.split(".bram_init ")[1:]:
        words = block.partition("\n\n")[0].split()[1:]
        contents.append(tuple(int(word, 16) for word in words))
    return contents


def _unpack(tool, bitstream, folder):
    """Unpack in a folder of its own: WebAssembly tools see no other."""
    shutil.copyfile(bitstream, Path(folder, "packed"))
    unpacked = Path(folder, "unpacked")
    try:
        _call([*tools.find(tool).command, "packed", "unpacked"], folder)
        if not unpacked.is_file():
            raise ValueError(f"{tool} wrote nothing")
    except ValueError as error:
        raise ValueError(f"Bitstream {bitstream} must be readable: {error}") from None
    return unpacked


def _call(command, folder):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        raise ValueError((done.stderr or done.stdout).strip()[-300:])
    return done.stdout
