"""Measures the tools: elaboration and Verilog of a large network, time and memory."""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sw import network as networks
from sw.command import Parser, run
from sw.network import Dense, Encoder, Network, Scores
from sw.store.files import write_text


OUTPUT = Path(__file__).parents[1] / "docs" / "results" / "tools.json"

# 34,432 synapses: the largest wired network of the plan.
SIZES = (784, 320, 256, 128, 10)
SYNAPSES = (48, 48, 48, 64)


def random_network(sizes, synapses, seed=0):
    """Return a network of random synapses and weights, of images 28 pixels wide."""
    rng = np.random.default_rng(seed)
    layers = [Encoder.uniform(sizes[0])]
    for number, (inputs, neurons, count) in enumerate(zip(sizes, sizes[1:], synapses,
                                                          strict=False), 1):
        weights = np.zeros((neurons, inputs), np.int8)
        for row in weights:
            row[rng.choice(inputs, count, replace=False)] = rng.choice([-1, 1], count)
        name = f"fc{number}"
        layers.append(Dense(name, weights, np.full(neurons, count // 2, np.int32))
                      if number < len(synapses) else
                      Scores(name, weights, np.zeros(neurons, np.int32)))
    labels = tuple(map(str, range(sizes[-1])))
    return Network(layers, labels, (28, sizes[0] // 28))


def timed(command):
    """Run a command; return its wall time in seconds and its peak memory in MiB."""
    began = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(child, 0)
    seconds = time.monotonic() - began
    if status:
        raise ValueError(f"{' '.join(command[1:])} must succeed: it ended with "
                         f"{os.waitstatus_to_exitcode(status)}")
    return {"wall_seconds": round(seconds, 1),
            "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
            "peak_mib": round(used.ru_maxrss / 1024)}


def main(argv=None):
    parser = Parser(prog="python -m boards.measure", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="JSON",
                        help="default: docs/results/tools.json")
    args = parser.parse_args(argv)
    network = random_network(SIZES, SYNAPSES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.net.npz"
        networks.save(path, network)
        result = timed([sys.executable, "-m", "hw.generate", str(path), "--board", "ulx3s-85f"])
    result = {"synapses": network.synapses, **result}
    write_text(args.output, json.dumps({"verilog": result}, indent=2) + "\n")
    print(f"Verilog of {network.synapses:,} synapses: {result['wall_seconds']} s "
          f"({result['cpu_seconds']} s of CPU time), {result['peak_mib']:,} MiB at most")
    print(f"wrote {args.output}")


if __name__ == "__main__":
    run(main)
