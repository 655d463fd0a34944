import json

import numpy as np
import pytest

from sw import checkpoint
from sw.command import run
from train import area, teacher
from train.bnn_mnist import main


SMALL = ("--epochs", "2", "--rounds", "1", "--batch", "20")


@pytest.fixture
def pictures(tmp_path):
    """Pictures of 6 x 6 pixels in three classes, told by a dark row."""
    random = np.random.default_rng(4)
    labels = random.integers(0, 3, 300)
    images = random.integers(0, 256, (300, 6, 6))
    images[np.arange(300), labels] //= 3
    np.savez(tmp_path / "rows.npz", x_train=images[60:].astype(np.uint8), y_train=labels[60:],
             x_test=images[:60].astype(np.uint8), y_test=labels[:60])
    return str(tmp_path / "rows.npz")


@pytest.fixture
def table(tmp_path):
    values = np.random.default_rng(0).normal(size=(300, 4))
    (tmp_path / "t.csv").write_text("".join(
        f"{','.join(f'{cell:.4f}' for cell in row)},{int(row[0] > row[1])}\n" for row in values))
    return str(tmp_path / "t.csv")


def refused(capsys, *options):
    with pytest.raises(SystemExit) as stop:
        run(main, list(options))
    assert stop.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_look_up_network_is_trained_and_written(pictures, tmp_path, capsys):
    layers = "lookup 24 near 9, lookup 12"
    assert main(["--dataset", pictures, "--output", str(tmp_path / "out"), "--layers", layers,
                 *SMALL]) == 0
    saved = checkpoint.load(tmp_path / "out" / "rows-lookup-24-12.ckpt.npz")
    record = json.loads((tmp_path / "out" / "rows-lookup-24-12.json").read_text())
    assert [layer.kind for layer in saved.layers] == ["encoder", "lookup", "lookup", "scores"]
    assert saved.last.weights.tolist() == np.kron(np.eye(3), np.ones((1, 4))).tolist()
    assert saved.provenance["recipe"] == record["recipe"]
    assert record["recipe"]["layers"] == [{"neurons": 24, "inputs": 4, "near": 9},
                                          {"neurons": 12, "inputs": 4, "near": None}]
    assert (record["epochs"], record["planned"], len(record["history"])) == (3, 3, 3)
    lines = capsys.readouterr().out.splitlines()
    said, = (line for line in lines if "validation images, seed" in line)
    assert ", 36-24-12-3, 36 tables, 12 votes, " in said
    assert "\n".join(area.measure(saved).lines()) in "\n".join(lines)
    assert sorted(path.name.split(".", 1)[1] for path in (tmp_path / "out").iterdir()) == [
        "ckpt.npz", "confusion.png", "curve.png", "json"]


def test_tables_are_trained_on_their_quantiles(table, tmp_path, capsys):
    assert main(["--dataset", table, "--output", str(tmp_path / "out"), "--layers",
                 "lookup 40, lookup 20", "--epochs", "12", "--rounds", "3", "--batch", "20"]) == 0
    saved = checkpoint.load(tmp_path / "out" / "t-lookup-40-20.ckpt.npz")
    assert saved.first.levels == 8
    assert float(capsys.readouterr().out.split()[-2]) > 85


def test_columns_of_tables_have_no_places(table, tmp_path, capsys):
    assert refused(capsys, "--dataset", table, "--output", str(tmp_path / "out"), "--layers",
                   "lookup 40 near 3, lookup 20") == (
        f"error: Near must be for pictures, whose pixels have places: {table} is a table")


def test_a_named_network_reads_columns_of_tables_from_anywhere(table, tmp_path):
    assert main(["--dataset", table, "--output", str(tmp_path / "out"), "--network",
                 "lookup-icebreaker", *SMALL, "--limit", "80"]) == 0
    saved = checkpoint.load(tmp_path / "out" / "t-lookup-icebreaker.ckpt.npz")
    assert saved.provenance["recipe"]["layers"][0]["near"] is None


def test_the_epochs_of_gradients_learn_from_a_teacher(pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(teacher, "FOLDER", tmp_path / "teachers")
    assert main(["--dataset", pictures, "--output", str(tmp_path / "out"), "--layers",
                 "lookup 24, lookup 12", *SMALL, "--distill", "0.5"]) == 0
    saved = checkpoint.load(tmp_path / "out" / "rows-lookup-24-12.ckpt.npz")
    made, = (tmp_path / "teachers").iterdir()
    assert saved.provenance["teacher"] == made.stem


@pytest.mark.parametrize(("options", "message"), [
    (("--layers", "lookup 9, dense 3"), "error: Layer must be given as 'lookup NEURONS [inputs K] "
     "[near N]': 'dense 3'"),
    (("--layers", "lookup 9, lookup 4"), "error: Neurons of the last layer must be equally many "
     "for each of the 3 classes: 4 (nearest: 3, 6; give --layers)"),
    (("--layers", "lookup 9", "--synapses", "3"), "error: Option --synapses must be for other "
     "networks: lookup-9 has look-up layers (leave it out)"),
    (("--layers", "lookup 9", "--budget", "300"), "error: Budget must be for threshold layers: "
     "lookup-9 has look-up layers (give --layers of other sizes)"),
    (("--layers", "lookup 9", "--network", "tfc"), "error: Network must be a named one or given "
     "by its layers, not both: --network tfc --layers lookup 9"),
    (("--layers", "lookup 9", "--rounds", "x"), "error: argument --rounds: must be a whole number "
     "from 0 up: 'x' (python -m train.bnn_mnist --help says what can be given)"),
])
def test_wrong_options_are_refused(pictures, tmp_path, capsys, options, message):
    assert refused(capsys, "--dataset", pictures, "--output", str(tmp_path / "out"),
                   *options) == message


def test_the_area_of_tables_leaves_out_what_does_not_matter(pictures, tmp_path):
    main(["--dataset", pictures, "--output", str(tmp_path / "out"), "--layers",
          "lookup 24, lookup 12", *SMALL])
    saved = checkpoint.load(tmp_path / "out" / "rows-lookup-24-12.ckpt.npz")
    first, second = saved.hidden
    reads = [{int(wire) for place, wire in enumerate(wires)
              if (table.reshape([2] * 4) != np.flip(table.reshape([2] * 4), 3 - place)).any()}
             for wires, table in zip(second.wires, second.tables, strict=True)]
    parts = {name: needed for name, _, needed, _ in area.measure(saved).layers}
    constant = {neuron for neuron, table in enumerate(first.tables) if len(set(table)) == 1}
    assert parts["lut1"] == len(set().union(*reads) - constant)
