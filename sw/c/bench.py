"""Measures the C libraries of networks, and writes the table of docs/c.md."""

import json
import re
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from ..artefact import ROOT, artefact, names, stem
from ..command import Parser, run
from ..data.testset import load_test_set
from ..network import load
from ..store.files import write_text
from . import check, folder
from .elf import sizes
from .names import identifier
from .part import CODE
from .source import source
from .target import TARGETS


PAGE = ROOT / "docs" / "c.md"
RESULTS = ROOT / "docs" / "results" / "c.json"
MARKS = ("<!-- bench-c -->", "<!-- /bench-c -->")
EMULATED = 200  # images that run in an emulator
TICKS = 0.168  # of SysTick for an instruction, in QEMU with -icount shift=0 and a clock of 168 MHz


def measure(path):
    """Return the measured row of a network, a dict.

    Raises
    ------
    ValueError
        If a score of C differs from the golden model's.
    """
    network, prefix = load(path), identifier(stem(path))
    images = check.typed(network, load_test_set(network).images)
    row = {"network": stem(path), "identity": network.identity, "images": len(images)}
    with tempfile.TemporaryDirectory(prefix="thresher-") as place:
        for name in ("host", "cortex-a", "cortex-m"):
            target = TARGETS[name]
            here = Path(place) / name
            here.mkdir()
            made = source(network, prefix, target.options, "auto" if target.hosted else "loop")
            folder.write(here, made, target, "program")
            if name == "host":
                library = here / folder.compile_(here, made, target, "shared")
                for batch in (False, True):
                    check.compare(network, images, check.library_scores(
                        library, prefix, images, network.classes, batch=batch))
            program = here / folder.compile_(here, made, target, "program", keep=True)
            some = images if name == "host" else images[:EMULATED]
            check.compare(network, some, check.program_scores(target, program, some,
                                                              network.classes))
            size = sizes(here / f"{prefix}.o")
            row[name] = {"equal": len(some), "flash": size.flash, "ram": size.ram}
            if name == "host":
                rates = re.findall(r"^\d+", check.output(target, program, ["--benchmark"]),
                                   re.MULTILINE)
                row[name] |= dict(zip(("one", "256", "4096"), map(int, rates), strict=True))
                row[name]["batch_flash"] = (sizes(here / f"{prefix}_batch.o").flash
                                            if made.sliced else 0)
            if name == "cortex-m":
                ticks = check.output(target, program, ["--benchmark"]).split()[0]
                row[name]["instructions"] = round(int(ticks) / TICKS)
    return row | compared(network)


def compared(network):
    """Return what a network of floats of the same sizes takes, measured in PyTorch; or nothing.

    Only networks of dense layers have such a counterpart.
    """
    outputs = [CODE.of(layer).float_outputs(layer) for layer in network.layers[1:]]
    if None in outputs:
        return {}
    layers = [network.inputs, *outputs]
    command = [sys.executable, "-m", "train.float_speed", *map(str, layers)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8",
                          errors="replace", check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValueError(f"PyTorch must run: {reason} (is torch installed? see 'make doctor')")
    rates = json.loads(done.stdout)
    values = sum(before * after + after for before, after in pairwise(layers))
    return {"float": {"one": rates["1"], "256": rates["256"], "bytes": 4 * values},
            "int8": {"bytes": values}}


def table(rows):
    """Return the tables of measured rows in Markdown."""
    lines = ["| network | scores equal | images/s, one at a time | in batches of 256 | of 4,096 | "
             "float32 PyTorch, 1 | 256 | times faster, 1 | 256 |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        host, other = row["host"], row.get("float")
        cells = [f"`{row['network']}`", f"{host['equal']:,} of {row['images']:,}",
                 *(f"{host[name]:,}" for name in ("one", "256", "4096"))]
        cells += ([f"{other['one']:,}", f"{other['256']:,}",
                   f"{host['one'] / other['one']:.0f}", f"{host['256'] / other['256']:.0f}"]
                  if other else ["–"] * 4)
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| network | bytes of the library | float32 | int8 | times smaller than "
              "float32 | with logic for batches | Cortex-M4: flash | RAM | instructions an image |",
              "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        host, small = row["host"], row["cortex-m"]
        flash = host["flash"]
        cells = [f"`{row['network']}`", f"{flash:,}"]
        cells += ([f"{row['float']['bytes']:,}", f"{row['int8']['bytes']:,}",
                   f"{row['float']['bytes'] / flash:.1f}"] if "float" in row else ["–"] * 3)
        cells += [f"{flash + host['batch_flash']:,}" if host["batch_flash"] else "–",
                  f"{small['flash']:,}", f"{small['ram']:,}", f"{small['instructions']:,}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def filled(page, text):
    """Return a page with a text between its marks."""
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}"


def main(argv=None):
    parser = Parser(prog="python -m sw.c.bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME,…", help="these rows anew; others stay")
    args = parser.parse_args(argv)
    wanted = names() if args.only is None else args.only.split(",")
    if unknown := set(wanted) - set(names()):
        raise ValueError(f"Rows must be networks in data/networks: {', '.join(sorted(unknown))} "
                         f"(one of {', '.join(names())})")
    for target in TARGETS.values():
        target.compiler("program")
    rows = {}
    if RESULTS.exists():
        rows = {row["network"]: row for row in json.loads(RESULTS.read_text(encoding="utf-8"))}
    for name in wanted:
        rows[name] = measure(artefact(name))
        host = rows[name]["host"]
        print(f"{name}: {host['equal']:,} scores equal, {host['one']:,} images/s, "
              f"{host['4096']:,} in batches", flush=True)
        ordered = [rows[name] for name in names() if name in rows]
        write_text(RESULTS, json.dumps(ordered, indent=1) + "\n")
        write_text(PAGE, filled(PAGE.read_text(encoding="utf-8"), table(ordered)))
    print(f"wrote {RESULTS} and {PAGE}")


if __name__ == "__main__":
    run(main)
