"""Networks of Brevitas through the RTL: equal to golden, and so to their graphs."""

from pathlib import Path

import pytest

from sim import full
from sw.exchange import incoming
from sw.network import save


FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("name", ["fc-2bits", "conv"])
def test_imported_networks_are_equal_in_rtl(tmp_path, name, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = incoming.load(FILES / f"{name}.onnx", shape=(28, 28), provenance={"dataset": "mnist"})
    save(tmp_path / "x.net.npz", made.network)
    assert full.main([str(tmp_path / "x.net.npz"), "--board", "icebreaker", "--limit", "400"]) == 0
    assert ("equal to golden: 400 of 400 labels and scores; interval and latency as predicted"
            in capsys.readouterr().out)
