"""train.compress.report and the methods' commands: rows that stay, tables, refused input."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from sw import network as networks
from train.compress import checkpoint, flash, page, report, result
from train.compress.methods import METHODS, SETTINGS
from train.compress.network import build

from . import small


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Folder of a small dataset in IDX form, as arrays."""
    path = tmp_path_factory.mktemp("data") / "rows.npz"
    train, test = small.part(700, 5), small.part(150, 6)
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images,
             y_test=test.labels)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory, _networks):
    path = tmp_path_factory.mktemp("model") / "small.float.npz"
    checkpoint.save(path, checkpoint.FloatCheckpoint(
        _networks[small.CONV], ("0", "1", "2"), (8, 8), {"seed": 1}))
    return path


def command(name):
    from importlib import import_module

    return import_module(f"train.compress.{name}").main


QUICK = {"prune": ["--rounds", "1", "--factor", "3"], "saliency": ["--shares", "0.5"],
         "channels": ["--rounds", "1"], "fixed": None, "share": ["--factor", "2"],
         "lowrank": ["--speedup", "1.5"], "ternary": [], "binarize": []}


@pytest.mark.parametrize("name", QUICK)
def test_each_method_is_a_command(name, model, dataset, tmp_path, capsys):
    epochs = [] if QUICK[name] is None else ["--epochs", "1", *QUICK[name]]
    command(name)([str(model), "--data", str(dataset), "--limit", "400", *epochs, "--json",
                   str(tmp_path / "x.json")])
    shown = capsys.readouterr().out
    rows = json.loads((tmp_path / "x.json").read_text())
    assert rows[0]["method"] == "float32"
    assert all(0 < row["octets"] < rows[0]["octets"] for row in rows[1:])
    assert f"| {rows[-1]['method']} |" in shown


def test_a_student_is_taught_by_a_command(model, dataset, capsys):
    command("distil")([
        "dense 8, scores", "--teacher", str(model), "--data", str(dataset), "--epochs", "1"])
    shown = capsys.readouterr().out
    assert "| labels alone |" in shown
    assert "| distil |" in shown


def test_compressed_networks_are_written_and_read(model, dataset, tmp_path, capsys):
    coded, output = tmp_path / "x.coded", tmp_path / "x.float.npz"
    command("share")([str(model), "--data", str(dataset), "--epochs", "1", "--factor", "2",
                      "--coded", str(coded), "--output", str(output)])
    inputs = small.part(20, 9).inputs
    from train.compress import coded as files

    with torch.no_grad():
        assert torch.equal(files.load(coded).network(inputs),
                           checkpoint.load(output).network(inputs))


def test_a_compressed_network_keeps_the_parts_of_its_training(model, dataset, tmp_path):
    output = tmp_path / "x.float.npz"
    command("prune")([str(model), "--data", str(dataset), "--limit", "400", "--seed", "7",
                      "--epochs", "1", *QUICK["prune"], "--output", str(output)])
    said = dict(checkpoint.load(output).provenance)
    assert said.pop("method").startswith("prune")
    assert said == {"dataset": str(dataset), "data": {}, "seed": 1, "limit": 400}


def no_model():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3), Branching())


class Branching(nn.Module):
    def forward(self, x):
        return x if float(x.sum()) > 0 else -x


def not_a_number():
    network = build("scores", (1, 8, 8), 3)
    nn.init.constant_(network.scores.weight, float("nan"))
    return network


@pytest.mark.parametrize(("arguments", "message"), [
    (["prune", "MODEL", "--factor", "0.5"],
     r"^Factor must be 1 or more: 0\.5 \(how many times fewer parameters\)$"),
    (["lowrank", "MODEL", "--speedup", "1000"], r"^Budget of products must be at least .*"),
    (["prune", "MODEL", "--limit", "2"], r"^(Validation|Calibration) part must have images: .*"),
    (["fixed", "MODEL", "--bits", "40"], r"^Bits must be in 2\.\.16: 40$"),
    (["channels", f"{__name__}:no_model"],
     r"^Model must be one that torch\.export can trace, for inputs of shape .*"),
    (["fixed", f"{__name__}:not_a_number"],
     r"^Model must give finite scores: some are NaN or infinite \(train it again\)$"),
    (["share", "nothing.float.npz"], r".*nothing\.float\.npz.*"),
])
def test_bad_input_is_refused(arguments, message, model, dataset, tmp_path):
    name, *rest = [str(model) if word == "MODEL" else word for word in arguments]
    output = tmp_path / "x.float.npz"
    with pytest.raises((ValueError, OSError), match=message):
        command(name)([*rest, "--data", str(dataset), *(
            ["--output", str(output)] if name != "fixed" else [])])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("option", "value"), [("--keep", "0"), ("--keep", "1.5"),
                                               ("--keep", "nan"), ("--epochs", "-1")])
def test_numbers_out_of_range_are_refused(option, value, model, capsys):
    with pytest.raises(SystemExit) as caught:
        command("channels")([str(model), option, value])
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_killed_report_goes_on(dataset, tmp_path, capsys, monkeypatch):
    """Rows that are there are not made again."""
    monkeypatch.setitem(SETTINGS, "lenet300", SETTINGS["lenet300"])
    arguments = ["--network", "lenet300", "--dataset", str(dataset), "--seeds", "1", "--epochs",
                 "1", "--limit", "300", "--jobs", "1", "--output", str(tmp_path), "--only"]
    report.main([*arguments, "float32", "fixed8"])
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*-1.json")}
    assert set(made) == {"float32-1.json", "fixed8-1.json"}
    calls = []
    for name in ("float32", "fixed8"):
        monkeypatch.setitem(METHODS, name, lambda *_: calls.append(1))
    report.main([*arguments, "float32", "fixed8", "lowrank", "fixed4"])
    assert calls == []
    assert made == {path.name: path.read_bytes() for path in tmp_path.glob("f*-1.json")
                    if path.name in made}
    shown = (tmp_path / "report.md").read_text()
    assert "| fixed point, 4 bits, a fraction length a layer |" in shown
    assert "No row for lowrank: the network has no convolutions." in shown
    assert (tmp_path / "report.png").stat().st_size > 5000
    assert len(json.loads((tmp_path / "report.json").read_text())["rows"]) == 3


def test_rows_made_at_once_are_those_made_one_by_one(dataset, tmp_path):
    def rows(jobs):
        report.main(["--network", "lenet300", "--dataset", str(dataset), "--seeds", "2",
                     "--epochs", "1", "--limit", "300", "--jobs", jobs, "--output",
                     str(tmp_path / jobs), "--only", "share", "prune"])
        found = [(name, seed, json.loads((tmp_path / jobs / f"{name}-{seed}.json").read_text()))
                 for name in ("share", "prune") for seed in (1, 2)]
        for _, _, row in found:
            del row["seconds"]
        return found

    assert rows("2") == rows("1")


def test_a_foreign_row_is_refused(tmp_path):
    (tmp_path / "prune-1.json").write_text("{}")
    with pytest.raises(ValueError, match=rf"^{tmp_path}/prune-1\.json must be a row of this report "
                       rf"\(remove it and run again\)$"):
        report.gather(tmp_path, ["prune"], 1)


def test_seeds_are_joined_in_a_row(tmp_path):
    for seed, accuracy in ((1, 98.0), (2, 99.0)):
        row = result.Row("x", [accuracy], 10, 2, 100 * seed, 5, 4.0 * seed)
        (tmp_path / f"prune-{seed}.json").write_text(json.dumps(row.to_json()))
    (joined,), _ = report.gather(tmp_path, ["prune"], 2)
    assert (joined.accuracy, joined.spread, joined.octets, joined.seconds) == (98.5, 1.0, 150, 6.0)
    base = result.Row("float32", [99.0], 10, 32, 3000, 5, 0.0)
    assert list(result.table([joined], base))[-1] == \
        "| x | 98.50 ± 0.50 | 10 | 2 | 150 | 20.0 | 5 | 6 |"


def test_tables_are_put_between_their_marks(tmp_path):
    path = tmp_path / "x.md"
    path.write_text("a\n<!-- begin n -->\nold\n<!-- end n -->\nb\n")
    page.insert(path, "n", "new\n")
    assert path.read_text() == "a\n<!-- begin n -->\n\nnew\n\n<!-- end n -->\nb\n"
    with pytest.raises(ValueError, match=rf"^{tmp_path}/x\.md must have the lines '<!-- begin m "
                       r"-->' and '<!-- end m -->' once, in this order \(add them where the "
                       r"tables belong\)$"):
        page.insert(path, "m", "new")


def test_coded_weight_words_are_counted():
    """A constant octet takes one bit; fair octets take eight."""
    assert flash.saved(np.zeros(10_000, np.uint8)) == pytest.approx(100 * (1 - (1250 + 256) / 1e4))
    fair = np.random.default_rng(1).integers(0, 256, 100_000).astype(np.uint8)
    assert -1 < flash.saved(fair) < 0
    weights = np.array([[1, -1] * 4, [1] * 8], np.int8)
    assert flash.weight_octets(weights, 1).tolist() == [0b01010101, 255]
    assert flash.weight_octets(weights, 8).tolist() == [3, 2] * 4
    rows = list(flash.measure(networks.load("data/networks/tfc.net.npz")))
    assert [row[0] for row in rows] == ["fc1", "fc2", "fc3", "fc4", "all"]
    assert rows[-1][1] == (784 * 64 + 2 * 64 * 64 + 64 * 10) // 8
