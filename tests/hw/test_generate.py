# amaranth: UnusedElaboratable=no
"""hw.generate: it schedules as a board's bitstream, and weights in SPRAM are loaded by a port."""

import json
import subprocess

import numpy as np
import pytest

from hw import generate
from hw.synthesis.verilog import find_yosys
from sim.model.design import schedule_for
from sim.model.vectors import to_beats
from sim.model.verilator import compile_model
from sw import golden
from sw.artefact import artefact
from sw.network import load, save
from tests.networks import random_images, random_network


NETWORK = random_network(np.random.default_rng(4), [30, 40, 8, 5], levels=(64, 128))
SCHEDULE = {"format": "thresher-schedule/1", "pixels": 3, "layers": {
    "fc0": {"kind": "scheduled", "pe": 4, "simd": 10, "rom": "spram"},
    "fc1": {"kind": "scheduled", "pe": 2, "simd": 8, "rom": "block"},
    "scores": {"kind": "scheduled", "pe": 1, "simd": 3, "rom": "spram"}}}

# Loads the weights of argv[1], sends the beats on stdin, prints answers as hexadecimal words. An
# odd argv[2] makes pauses between words and before answers are taken.
MAIN = """
#include "Vtop.h"
#include <cstdio>
#include <cstdlib>
static Vtop top;
static bool early;
static void tick() { top.aclk = 1; top.eval(); top.aclk = 0; top.eval(); }
int main(int argc, char **argv) {
    bool pauses = atoi(argv[2]) & 1;
    unsigned beat, word = 0, cycle = 0, silent = 0;
    tick(); top.aresetn = 1;
    FILE *weights = fopen(argv[1], "rb");
    top.s_axis_tvalid = 1;
    while (fread(&word, 2, 1, weights) == 1) {
        for (top.s_axis_weights_tvalid = 0; pauses && cycle++ % 3; tick());
        top.s_axis_weights_tdata = word;
        top.s_axis_weights_tvalid = 1;
        do { top.eval(); early |= top.s_axis_tready; tick(); } while (!top.s_axis_weights_tready);
    }
    top.s_axis_weights_tvalid = top.s_axis_tvalid = 0;
    bool more = scanf("%x", &beat) == 1;
    for (; silent < 5000; ++silent, ++cycle) {
        top.s_axis_tvalid = more && !(pauses && cycle % 5);
        top.s_axis_tdata = beat;
        top.m_axis_tready = !(pauses && cycle % 7);
        top.eval();
        bool taken = top.s_axis_tvalid && top.s_axis_tready;
        if (top.m_axis_tvalid && top.m_axis_tready) {
            silent = 0;
            printf("%012llx\\n", (unsigned long long)top.m_axis_tdata);
        }
        tick();
        if (taken) { silent = 0; more = scanf("%x", &beat) == 1; }
    }
    return early;
}
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The folder of an accelerator with two layers in SPRAM, generated for a UP5K."""
    folder = tmp_path_factory.mktemp("generated")
    save(folder / "n.net.npz", NETWORK)
    (folder / "schedule.json").write_text(json.dumps(SCHEDULE))
    generate.main([str(folder / "n.net.npz"), "--device", "iCE40UP5K", "--schedule",
                   str(folder / "schedule.json")])
    return folder


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_are_loaded_through_their_port(generated, tmp_path, seed):
    """No image is taken before the last word; all answers are golden's then."""
    images = random_images(np.random.default_rng(6), 40, NETWORK)
    model = compile_model((generated / "n.v").read_text(), "accelerator", MAIN, tmp_path,
                          optimize="-O0")
    beats = "\n".join(f"{beat:x}" for beat in to_beats(NETWORK, 3, images))
    done = subprocess.run([model, generated / "n.weights.bin", str(seed)], input=beats, text=True,
                          capture_output=True, timeout=60, check=True)
    rows = [bytes.fromhex(line)[::-1] for line in done.stdout.splitlines()]
    scores = [np.frombuffer(row[1:], np.int8).tolist() for row in rows]
    assert [row[0] for row in rows] == golden.Model(NETWORK).labels(images).tolist()
    assert scores == golden.Model(NETWORK).scores(images).tolist()


def test_the_json_describes_port_and_file_of_the_weights(generated):
    described = json.loads((generated / "n.hw.json").read_text())
    weights = described["weights"]
    octets = (generated / "n.weights.bin").read_bytes()
    assert (weights["file"], weights["word_bits"], weights["byte_order"]) == (
        "n.weights.bin", 16, "little")
    assert 2 * weights["words"] == len(octets)
    assert {name: port for name, port in described["ports"].items() if "weights" in name} == {
        "s_axis_weights_tdata": {"direction": "input", "width": 16},
        "s_axis_weights_tvalid": {"direction": "input", "width": 1},
        "s_axis_weights_tready": {"direction": "output", "width": 1}}


def test_synthesis_takes_the_primitive(generated):
    script = "read_verilog n.v; select -assert-count 4 t:SB_SPRAM256KA; tee -q -o modules.txt ls"
    subprocess.run([find_yosys(), "-q", "-p", script], cwd=generated, timeout=120, check=True)
    assert "SB_SPRAM256KA" not in (generated / "modules.txt").read_text()


@pytest.mark.parametrize(("name", "board"), [
    ("sfc", "icebreaker"), ("tfc", "icebreaker"), ("tfc", "icesugar"), ("tfc", "ulx3s")])
def test_the_schedule_is_that_of_a_bitstream(name, board):
    """The Verilog of a board used to have another schedule where a bitstream uses SPRAM."""
    network = load(artefact(name))
    target = generate.find_target(board)
    wished = int(target.megahertz * 1e6)
    assert generate.choose_at(network, target.device, oscillator=target.oscillator,
                              wished=wished) == schedule_for(network, board=board)


def test_weights_of_an_earlier_schedule_are_removed(generated, tmp_path, capsys):
    save(tmp_path / "n.net.npz", NETWORK)
    (tmp_path / "n.weights.bin").write_bytes(b"of an earlier one")
    generate.main([str(tmp_path / "n.net.npz"), "--board", "icebreaker"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.hw.json", "n.net.npz", "n.v"]
    assert "weights" not in json.loads((tmp_path / "n.hw.json").read_text())
    assert capsys.readouterr().out.endswith(f"wrote {tmp_path}/n.v and {tmp_path}/n.hw.json\n")
