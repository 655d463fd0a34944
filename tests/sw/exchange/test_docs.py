"""Every command of docs/exchange.md runs."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from sw import network
from sw.exchange.__main__ import main
from train.models import Network

from .test_larq import convolutional
from .test_pynq import PE, SIMD, SIZES, packed


CNV_PE, CNV_SIMD = (16, 32, 16, 16, 4, 1, 1, 1, 4), (3, 32, 32, 32, 32, 32, 4, 8, 1)
CNV_WORDS = (36, 36, 144, 288, 2304, 18432, 32768, 32768, 8192)  # of a file: config.h of cnvW1A1
ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    python -m sw\.exchange (.+)$", TEXT, re.MULTILINE)


def packed_cnv(folder):
    """Write files of CNV's sizes."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for index, (pe, simd, words) in enumerate(zip(CNV_PE, CNV_SIMD, CNV_WORDS, strict=True)):
        synapses = (27, 576, 576, 1152, 1152, 2304, 256, 512, 512)[index]
        for each in range(pe):
            rng.integers(0, 2**simd, words, dtype=np.uint64).tofile(
                folder / f"{index}-{each}-weights.bin")
            if index < len(CNV_PE) - 1:
                np.full(words * simd // synapses, synapses // 2 if index else 0).tofile(
                    folder / f"{index}-{each}-thres.bin")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the sources that the commands name."""
    made = tmp_path_factory.mktemp("docs")
    shutil.copy(Path(__file__).parent / "files" / "fc.onnx", made)
    packed(made / "lfc-folder", np.random.default_rng(1), SIZES, PE, SIMD)
    convolutional().save(made / "larq.h5")
    packed_cnv(made / "cnv-folder")
    dense = Network(784, (16, 10), (784, 16), limit=1, generator=torch.Generator().manual_seed(1))
    torch.save(dense.state_dict(), made / "state.pt")
    return made


def test_the_page_has_its_commands():
    assert len(COMMANDS) == 9


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_runs(command, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    arguments = shlex.split(command)
    main(arguments)
    output = Path(arguments[arguments.index("-o") + 1])
    assert f"wrote {output}" in capsys.readouterr().out
    assert output.stat().st_size > 500
    if output.suffix == ".npz":
        network.load(output)


def test_the_page_s_python_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    code, = re.findall(r"^```python\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    exec(code, {})
    assert Path("again.onnx").stat().st_size > 500


def test_every_operator_is_on_the_page():
    from sw.exchange.op import kind
    from sw.exchange.op.kind import OPS
    kind._discover()
    missing = {name for _, name in OPS} - set(re.findall(r"`(\w+)`", TEXT))
    assert missing == {"Constant", "Dropout", "Identity", "LogSoftmax", "Pad"}
