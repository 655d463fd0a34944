"""Every command of docs/convolution.md runs, in the page's order, on photos of colours."""

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "convolution.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    python -m (\S+) (.+)$", TEXT, re.MULTILINE)
COLOURS = {"sky": (60, 120, 230), "wood": (60, 140, 50), "sand": (220, 180, 90)}
WRITES = {"train.bnn_mnist": ["photos.ckpt.npz"], "sw.fold": ["photos.net.npz"],
          "sw.evaluate": ["photos.eval.json"], "hw.generate": ["photos.v", "photos.hw.json"],
          "sw.inspect": ["photos.kernels.png", "photos.thresholds.png"]}
SAYS = {"sw.evaluate": "equal to PyTorch: 36 of 36 labels and scores",
        "sw.inspect": "depth       16 x 16 x 6 to 8 x 8 x 24, squares of 2 x 2",
        "sim.full": "equal to golden: 36 of 36 labels and scores; interval and latency as "
                    "predicted",
        "sim.trace": "image 3: PyTorch and RTL equal golden in every layer"}
ANSWERS = {"info": "16 × 16 × 3 pixels of 2 bits",
           "classify": "equal       1 of 1 labels, 1 of 1 images' scores",
           "evaluate": "equal       36 of 36 labels, 36 of 36 images' scores",
           "benchmark": "equal to golden"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with pictures that a network of few neurons can tell apart."""
    made, rng = tmp_path_factory.mktemp("docs"), np.random.default_rng(1)
    for name, colour in COLOURS.items():
        (made / "photos" / name).mkdir(parents=True)
        for number in range(60):
            pixels = np.clip(colour + rng.normal(0, 40, (16, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(made / "photos" / name / f"{number}.png")
    runtime = ROOT / "build" / "sim" / "runtime"  # which all models share
    runtime.mkdir(parents=True, exist_ok=True)
    (made / "build" / "sim").mkdir(parents=True)
    (made / "build" / "sim" / "runtime").symlink_to(runtime)
    Image.new("RGB", (64, 48), COLOURS["sky"]).save(made / "photo.jpg")
    return made


def test_the_page_has_its_commands():
    assert [module for module, _ in COMMANDS] == [
        "train.bnn_mnist", "sw.fold", "sw.evaluate", "sw.inspect", "sw.classify", "hw.generate",
        "sim.full", "sim.trace", "sim.virtual", *["sw.host"] * 4]


def test_its_drawing_is_there():
    assert "](convolution.svg)" in TEXT
    assert (ROOT / "docs" / "convolution.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_the_commands_run(folder, monkeypatch, capsys):
    """They depend on each other, so one test runs all of them."""
    monkeypatch.chdir(folder)
    commands = [(module, shlex.split(words)) for module, words in COMMANDS]
    virtual = [module for module, _ in commands].index("sim.virtual")
    for module, arguments in commands[:virtual]:
        assert import_module(module).main(arguments) in (None, 0), module
        said = capsys.readouterr().out
        assert SAYS.get(module, "") in said
        for name in WRITES.get(module, ()):
            assert (folder / "build" / "photos" / name).stat().st_size > 200, name
        if module == "sw.classify":
            assert said.splitlines()[1].split()[:2] == ["photo.jpg", "sky"]
    host = import_module("sw.host").main
    with board(*commands[virtual]) as process:
        try:
            for module, arguments in commands[virtual + 1:]:
                assert module == "sw.host"
                assert host(arguments) == 0, arguments
                assert ANSWERS[arguments[0]] in capsys.readouterr().out
        finally:
            process.terminate()


def board(module, arguments):
    """Start the virtual board in the current folder; return its process once it answers."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE,
                               env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True)
    line = process.stdout.readline()
    assert line.startswith("icebreaker at "), line
    return process
