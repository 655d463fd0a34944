"""Programs for Arm, in emulators, give golden's scores; sizes are those of an STM32F405."""

import json
import subprocess

import numpy as np
import pytest

from sw.artefact import artefact
from sw.c import check
from sw.c.__main__ import main
from sw.c.elf import sizes
from sw.c.target import TARGETS
from sw.network import save
from tests.networks import conv_network

from .test_source import NETWORKS, images_of


FLASH, RAM = 2**20, 128 * 2**10  # octets of an STM32F405 that the linker's script gives


@pytest.mark.parametrize(("target", "name"), [
    ("cortex-a", "tfc"), ("cortex-a", "ulx3s-25f"), ("cortex-m", "tfc"), ("cortex-m", "ulx3s-25f"),
    ("cortex-m", "lookup-icebreaker")])
def test_published_networks_give_goldens_scores(target, name, tmp_path, capsys):
    main([str(artefact(name)), "--target", target, "--kind", "program", "--check", "--limit", "200",
          "--output", str(tmp_path / "made")])
    assert "equal to golden: 200 of 200 scores\n" in capsys.readouterr().out
    if target == "cortex-m":
        about = json.loads((tmp_path / "made" / "thresher-c.json").read_text())
        size = sizes(tmp_path / "made" / f"{about['name']}.elf")
        assert size.flash <= FLASH
        assert size.ram <= RAM


@pytest.mark.parametrize("target", ["cortex-a", "cortex-m"])
@pytest.mark.parametrize("name", ["dense windows", "many words", "12-bit integers", "map"])
def test_all_kinds_of_layers_run_on_arm(target, name, tmp_path):
    network = NETWORKS[name]
    save(tmp_path / "n.net.npz", network)
    main([str(tmp_path / "n.net.npz"), "--target", target, "--kind", "program"])
    program = tmp_path / f"n-{target}" / ("n.elf" if target == "cortex-m" else "n")
    images = images_of(network, 30)
    for batch in (False, True):
        check.compare(network, images, check.program_scores(
            TARGETS[target], program, images, network.classes, batch=batch))


@pytest.mark.parametrize("target", ["cortex-a", "cortex-m"])
def test_compilers_for_arm_warn_of_nothing(target, tmp_path):
    save(tmp_path / "n.net.npz", NETWORKS["dense windows"])
    main([str(tmp_path / "n.net.npz"), "--target", target, "--kind", "program", "--batch", "lanes"])
    done = subprocess.run(["make", "program"], cwd=tmp_path / f"n-{target}", capture_output=True,
                          encoding="utf-8", check=True)
    assert "-Wconversion" in done.stdout
    assert done.stderr == ""


def test_instructions_are_counted_on_a_cortex_m(tmp_path):
    """Twice the neurons take about twice the ticks of an emulator that counts instructions."""
    ticks = []
    for neurons in (40, 80):
        network = conv_network(np.random.default_rng(2), (20, 20, 1), [("dense", neurons, {})])
        save(tmp_path / "n.net.npz", network)
        main([str(tmp_path / "n.net.npz"), "--target", "cortex-m", "--kind", "program"])
        text = check.output(TARGETS["cortex-m"], tmp_path / "n-cortex-m" / "n.elf", ["--benchmark"])
        ticks.append(int(text.split()[0]))
    assert 1.2 < ticks[1] / ticks[0] < 2
