"""Networks of Brevitas through the RTL: equal to golden, and so to their graphs."""

from pathlib import Path

import pytest

from sim import full
from sw.exchange import incoming
from sw.network import save


FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize(("name", "count"), [("fc-2bits", 400), ("conv", 80)])
def test_imported_networks_are_equal_in_rtl(tmp_path, name, count, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = incoming.load(FILES / f"{name}.onnx", shape=(28, 28), provenance={"dataset": "mnist"})
    save(tmp_path / "x.net.npz", made.network)
    assert full.main([str(tmp_path / "x.net.npz"), "--board", "icebreaker", "--limit",
                      str(count)]) == 0
    assert (f"equal to golden: {count} of {count} labels and scores; interval and latency as "
            f"predicted" in capsys.readouterr().out)
