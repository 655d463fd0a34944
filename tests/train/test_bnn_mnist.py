import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sw import checkpoint, golden
from sw.command import run
from sw.data.summary import SAMPLES
from sw.fold import fold
from sw.store.lock import alone
from train import area, bnn_mnist, teacher
from train.bnn_mnist import main


SMALL = ("--hidden", "12,8", "--epochs", "4", "--batch", "20")


@pytest.fixture
def dataset(tmp_path):
    """Pictures of 6 x 6 pixels in three classes, told by a dark row."""
    random = np.random.default_rng(4)

    def part(count):
        labels = random.integers(0, 3, count)
        images = random.integers(0, 256, (count, 6, 6))
        images[np.arange(count), labels] //= 3
        return images.astype(np.uint8), labels

    images, labels = part(240)
    test_images, test_labels = part(60)
    np.savez(tmp_path / "rows.npz", x_train=images, y_train=labels, x_test=test_images,
             y_test=test_labels)
    return str(tmp_path / "rows.npz")


def train(dataset, folder, *options):
    return main(["--dataset", dataset, "--output", str(folder), *SMALL, *options])


def refused(capsys, *options):
    """Return the one line of an option that is refused with exit code 2."""
    with pytest.raises(SystemExit) as stop:
        run(main, list(options))
    assert stop.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_training_writes_checkpoint_pictures_and_record(dataset, tmp_path, capsys):
    assert train(dataset, tmp_path / "out") == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"rows-12-8.{kind}" for kind in ("ckpt.npz", "confusion.png", "curve.png",
                                                      "json")]
    record = json.loads((tmp_path / "out" / "rows-12-8.json").read_text())
    saved = checkpoint.load(tmp_path / "out" / "rows-12-8.ckpt.npz")
    labels = np.load(dataset)["y_test"]
    assert record["test_correct"] == int((saved.test_scores.argmax(1) == labels).sum())
    assert np.trace(record["confusion"]) == record["test_correct"]
    assert saved.provenance["recipe"] == record["recipe"]
    assert (record["dataset"], record["seed"], record["epochs"]) == (dataset, 1, 4)
    assert len(record["history"]) == 4
    assert capsys.readouterr().out.splitlines()[-1] == \
        f"test accuracy {100 * record['test_correct'] / 60:.2f} %"
    for kind in ("curve", "confusion"):
        with Image.open(tmp_path / "out" / f"rows-12-8.{kind}.png") as picture:
            assert picture.width > 300


def test_errors_of_the_latest_epoch_are_drawn_by_class(dataset, tmp_path):
    path = tmp_path / "wrong.png"
    train(dataset, tmp_path / "out", "--errors", str(path))
    record = json.loads((tmp_path / "out" / "rows-12-8.json").read_text())
    with Image.open(path) as picture:
        sheet = np.asarray(picture).reshape(3, 6, SAMPLES, 6).swapaxes(1, 2)
    shown = sheet.any(axis=(2, 3))
    wrong = round(20 * (1 - record["history"][-1]["validation"] / 100))
    assert 0 < wrong == shown.sum()
    known = np.load(dataset)
    for place in range(3):
        own = known["x_train"][known["y_train"] == place]
        assert all((own == tile).all(axis=(1, 2)).any() for tile in sheet[place][shown[place]])


def test_the_same_seed_writes_the_same_checkpoint(dataset, tmp_path):
    for folder in ("a", "b"):
        train(dataset, tmp_path / folder, "--synapses", "9,6,8")
    first, second = (checkpoint.load(tmp_path / folder / "rows-12-8.ckpt.npz")
                     for folder in ("a", "b"))
    for one, other in zip((*first.hidden, first.last), (*second.hidden, second.last), strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)
        np.testing.assert_array_equal(one.mask, other.mask)
    np.testing.assert_array_equal(first.test_scores, second.test_scores)
    assert [layer.mask.sum(1).tolist() for layer in first.hidden] == [[9] * 12, [6] * 8]


def test_a_budget_makes_layers_wider_and_the_area_is_shown(dataset, tmp_path, capsys):
    train(dataset, tmp_path, "--synapses", "4,6,8", "--budget", "600")
    saved = checkpoint.load(tmp_path / "rows-12-8.ckpt.npz")
    sizes = [layer.outputs for layer in saved.hidden]
    wider = [size + 1 for size in sizes]
    assert area.planned(sizes, (4, 6, 8), 3) <= 600 < area.planned(wider, (4, 6, 8), 3)
    assert sizes[0] * 8 // 12 == sizes[1] > 8
    lines = capsys.readouterr().out.splitlines()
    assert "\n".join(area.measure(saved).lines()) in "\n".join(lines)


def test_distillation_trains_a_teacher_once(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for seed in ("1", "2"):
        train(dataset, tmp_path / seed, "--seed", seed, "--distill", "0.5", "--temperature", "3")
    made, = (tmp_path / "build" / "teachers").iterdir()
    record = json.loads((tmp_path / "2" / "rows-12-8.json").read_text())
    assert (record["recipe"]["distill"], record["recipe"]["temperature"]) == (0.5, 3.0)
    assert record["teacher"] == made.stem
    assert checkpoint.load(tmp_path / "2" / "rows-12-8.ckpt.npz").provenance["teacher"] == made.stem
    lines = capsys.readouterr().out.splitlines()
    shown = f"build/teachers/{made.name}"
    assert [line.partition(": ")[0] for line in lines if line.startswith("teacher")] == [
        f"teacher {shown} is trained first, once", f"teacher {shown}", f"teacher {shown}"]


def test_a_teacher_is_trained_by_one_run_at_a_time(dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(teacher, "FOLDER", tmp_path / "teachers")
    refusals = []

    def train_teacher(trainer, path, *_, **__):
        lock = path.with_name(path.name.replace(".resume.pt", ".lock"))
        with pytest.raises(ValueError, match=r"^x must be one at a time: .*$") as refused, \
                alone(lock, "x"):
            pass
        refusals.append(refused)
        return True  # as after Ctrl-C

    monkeypatch.setattr(bnn_mnist, "_train", train_teacher)
    assert train(dataset, tmp_path / "out", "--distill", "0.5") == 130
    assert len(refusals) == 1


def test_ctrl_c_stops_a_teacher_and_the_same_command_goes_on(dataset, tmp_path, monkeypatch,
                                                              capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.bnn_mnist.SAVE_EVERY", 0)
    epoch, seen = teacher.Trainer._epoch, []

    def interrupted(self, *arguments):
        seen.append(self.state.epoch)
        if seen == [0, 1, 2, 3]:
            signal.raise_signal(signal.SIGINT)
        return epoch(self, *arguments)

    monkeypatch.setattr(teacher.Trainer, "_epoch", interrupted)
    assert train(dataset, tmp_path / "out", "--distill", "1") == 130
    assert capsys.readouterr().out.splitlines()[-1] == \
        "interrupted after 3 of 12 epochs; the same command goes on from there"
    assert list((tmp_path / "out").iterdir()) == []
    assert train(dataset, tmp_path / "out", "--distill", "1") == 0
    assert seen == [0, 1, 2, 3, *range(3, 12)]
    assert [path.suffix for path in (tmp_path / "build" / "teachers").iterdir()] == [".npz"]


def test_tables_are_not_distilled(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("".join(f"{row % 7},{row % 3},{row % 2}\n" for row in range(60)))
    line = refused(capsys, "--dataset", str(table), "--output", str(tmp_path), *SMALL, "--distill",
                   "0.5")
    assert line == ("error: Distillation must be for pictures, as teachers are convolutional: "
                    "inputs have the shape (2,) (use --distill 0)")


def test_tables_have_no_places(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("".join(f"{row % 7},{row % 3},{row % 2}\n" for row in range(60)))
    options = ("--dataset", str(table), "--output", str(tmp_path), *SMALL, "--synapses", "2,2,2",
               "--reach", "4,4,8", "--local")
    assert refused(capsys, *options) == (f"error: Local must be for pictures, whose pixels have "
                                         f"places: {table} is a table")
    assert main([*options, "--no-local"]) == 0


def test_neurons_look_at_what_is_near(dataset, tmp_path):
    assert train(dataset, tmp_path / "out", "--synapses", "2,2,2", "--reach", "9,4,8",
                 "--local") == 0
    saved = checkpoint.load(tmp_path / "out" / "rows-12-8.ckpt.npz")
    assert saved.provenance["recipe"]["local"] is True
    for row in saved.hidden[0].mask.reshape(12, 6, 6):
        rows, columns = row.nonzero()
        assert max(np.ptp(rows), np.ptp(columns)) <= 4  # 9 in a square of about 3 x 3


def test_tables_are_trained_with_quantiles(tmp_path, capsys):
    random = np.random.default_rng(0)
    values = random.normal(size=(300, 4))
    (tmp_path / "t.csv").write_text("".join(
        f"{','.join(f'{cell:.4f}' for cell in row)},{int(row[0] > row[1])}\n" for row in values))
    assert train(str(tmp_path / "t.csv"), tmp_path / "out", "--epochs", "12") == 0
    saved = checkpoint.load(tmp_path / "out" / "t-12-8.ckpt.npz")
    assert saved.first.levels == 8
    assert saved.conversion.places == (0, 1, 2, 3)
    assert max(saved.conversion.low) < -2 < 2 < min(saved.conversion.high)
    assert float(capsys.readouterr().out.split()[-2]) > 80


def test_ctrl_c_leaves_a_checkpoint_and_resume_goes_on(dataset, tmp_path):
    command = [sys.executable, "-m", "train.bnn_mnist", "--dataset", dataset, "--output",
               str(tmp_path / "out"), *SMALL, "--name", "x", "--epochs", "40000"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "MPLBACKEND": "agg"})
    seen = b""
    while b"validation " not in seen:
        piece = process.stderr.read1(4096)
        assert piece, seen
        seen += piece
    process.send_signal(signal.SIGINT)
    lines = process.communicate(timeout=60)[0].decode().splitlines()
    assert process.returncode == 130
    assert lines[-1].startswith("test accuracy ")
    assert any("--resume goes on from there" in line for line in lines)
    saved = checkpoint.load(tmp_path / "out" / "x.ckpt.npz")
    assert saved.provenance["interrupted"]
    assert 1 <= saved.provenance["epochs"] < 40000
    assert (tmp_path / "out" / "x.resume.pt").exists()
    assert train(dataset, tmp_path / "out", "--name", "x", "--epochs", "40000", "--resume",
                 "--time-limit", "1") == 0
    saved_again = checkpoint.load(tmp_path / "out" / "x.ckpt.npz")
    assert saved_again.provenance["epochs"] >= saved.provenance["epochs"]
    assert not (tmp_path / "out" / "x.resume.pt").exists()


def test_list_prints_the_named_networks(capsys):
    assert main(["--list"]) is None
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[0] == ["network", "layers", "inputs a neuron", "in all", "LUT4", "epochs",
                        "dataset"]
    assert ["sfc", "784-256-256-256-10", "all", "334,336 synapses", "120", "mnist"] in cells
    assert ["lookup-icebreaker", "784-1150-600-10", "4/4/60", "1,750 tables, 600 votes", "2,586",
            "64", "mnist"] in cells
    assert ["cifar-fast", "32x32x3-64-96-128-128-192-10", "48/96/all/all/all/all",
            "522,240 synapses", "445", "cifar10-jpeg"] in cells


def test_columns_of_the_list_stand_below_their_titles(capsys):
    main(["--list"])
    title, *lines = capsys.readouterr().out.splitlines()
    for name in ("layers", "inputs a neuron", "in all", "dataset"):
        place = title.index(name)
        assert all(line[place - 2:place] == "  " and line[place] != " " for line in lines), name


@pytest.mark.parametrize(("options", "message"), [
    (("--network", "huge"), "error: Network must be one of tiny, tfc, sfc, lfc, sparse, "
     "wired-small, ulx3s-25f, ulx3s-85f-fast, icebreaker, ulx3s-85f-accurate, ulx3s-85f-fashion, "
     "lookup-icebreaker, lookup-small, lookup-25f, lookup-85f, lookup-fashion, mnist-conv, "
     "mnist-conv-icebreaker, fashion-conv, cifar-fast, cifar-accurate, cifar-icebreaker, cnv, "
     "pocket: huge (or give the layers with --hidden or --layers)"),
    (("--synapses", "1,2"), "error: Synapses must be one number for each of the 3 layers, the last "
     "included: 1,2"),
    (("--synapses", "40,2,2"), "error: Synapses of layer 'fc1' must be in 1..36, its inputs: 40"),
    (("--levels", "256"), "error: Levels must be in 1..255: 256"),
    (("--name", "../x"), "error: Name must be up to 64 letters, digits, '.', '_' and '-': '../x'"),
    (("--dataset", "nowhere"), "error: Dataset must be mnist, fashion-mnist, kmnist, "
     "emnist-letters, emnist-balanced, emnist-digits, cifar-10, cifar10-jpeg, svhn, fsdd or "
     "a path that exists: nowhere"),
    (("--augment", "nan"), "error: Augment must be in 0..5: nan"),
    (("--network", "sfc", "--hidden", "12"), "error: Network must be a named one or given "
     "by its layers, not both: --network sfc --hidden 12"),
    (("--hidden", "12,x"), "error: argument --hidden: must be integers with commas between them: "
     "'12,x' (python -m train.bnn_mnist --help says what can be given)"),
    (("--budget", "5"), "error: Budget must be for a network with few synapses a neuron: 12-8 has "
     "all (give --synapses)"),
    (("--synapses", "9,6,8", "--budget", "5"), "error: Budget must have room for the synapses of "
     "12-8, 9,6,8 a neuron: 5 LUT4"),
    (("--distill", "1.5"), "error: Distill must be in 0..1: 1.5"),
    (("--distill", "nan"), "error: Distill must be in 0..1: nan"),
    (("--temperature", "0"), "error: Temperature must be in 0.1..100: 0.0"),
    (("--reach", "20,10,8"), "error: Reach must be for a network with few synapses a neuron: 12-8 "
     "has all (give --synapses)"),
    (("--synapses", "9,6,8", "--local"), "error: Local must have a reach: of how many inputs near "
     "it does a neuron find its synapses (give --reach)"),
    (("--synapses", "9,6,8", "--reach", "20,10"), "error: Reach must be one number for each of the "
     "3 layers, none below its synapses: 20,10"),
    (("--synapses", "9,6,5", "--reach", "20,10,7", "--local"), "error: Reach of the last layer "
     "must be all its 8 inputs, as classes have no place: 7"),
    (("--rounds", "3"), "error: Option --rounds must be for other networks: 12-8 has threshold "
     "layers (leave it out)"),
    (("--flip",), "error: Option --flip must be for other networks: 12-8 has threshold layers "
     "(leave it out)"),
    (("--cutout", "2"), "error: Option --cutout must be for other networks: 12-8 has threshold "
     "layers (leave it out)"),
    (("--device", "tpu"), "error: argument --device: invalid choice: 'tpu' (choose from 'cpu', "
     "'cuda')"),
    (("--layers", "lookup 9"), "error: Network must be a named one or given by its layers, not "
     "both: --hidden 12,8 --layers lookup 9"),
    (("--epochs", "0"), "error: argument --epochs: must be a positive number: '0' "
     "(python -m train.bnn_mnist --help says what can be given)"),
    (("--seed", "-1"), "error: argument --seed: must be a whole number from 0 up: '-1' "
     "(python -m train.bnn_mnist --help says what can be given)"),
])
def test_wrong_options_are_refused(dataset, tmp_path, capsys, options, message):
    base = ("--dataset", dataset, "--output", str(tmp_path / "out"))
    hidden = () if options[0] == "--network" else ("--hidden", "12,8")
    assert refused(capsys, *base, *hidden, *options) == message


CONV = ("--layers", "conv 4 synapses 5, pool, scores", "--epochs", "3", "--batch", "20")


@pytest.mark.parametrize(("options", "message"), [
    (("--synapses", "3,4"), "error: Option --synapses must be for other networks: conv-4 has "
     "convolutions (leave it out)"),
    (("--local",), "error: Option --local must be for other networks: conv-4 has convolutions "
     "(leave it out)"),
    (("--budget", "500"), "error: Budget must be for dense threshold layers: conv-4 has "
     "convolutions (give --layers of other sizes)"),
    (("--distill", "1"), "error: Distillation must be for dense layers: conv-4 has convolutions "
     "(use --distill 0)"),
    (("--cutout", "7"), "error: Cutout must be in 0..6: 7"),
    (("--cutout", "-1"), "error: argument --cutout: must be a whole number from 0 up: '-1' (python "
     "-m train.bnn_mnist --help says what can be given)"),
    (("--layers", "conv 4, dense 3"), "error: Layers must end with scores, and have them once: "
     "'conv 4, dense 3'"),
    (("--layers", "conv 4 9x9, scores"), "error: Kernel of layer 'conv1' must have 1 to 7 rows and "
     "columns: 9x9"),
    (("--layers", "conv 4 integer, scores", "--levels", "3"), "error: Levels must be for a first "
     "layer of bits: layer 'conv1' takes integers, levels 3 (leave 'integer' or --levels out)"),
])
def test_wrong_options_of_convolutions_are_refused(dataset, tmp_path, capsys, options, message):
    base = ("--dataset", dataset, "--output", str(tmp_path / "out"))
    assert refused(capsys, *base, *CONV, *options) == message


def test_a_gpu_that_is_not_there_is_refused(dataset, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert refused(capsys, "--dataset", dataset, "--output", str(tmp_path), *CONV, "--device",
                   "cuda") == "error: Device must be cpu where PyTorch sees no GPU: cuda"


def test_dense_networks_are_trained_on_the_processor(dataset, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert refused(capsys, "--dataset", dataset, "--output", str(tmp_path), "--hidden", "12",
                   "--device", "cuda") == "error: Device must be cpu for threshold layers: cuda"


def test_tables_have_no_convolutions(tmp_path, capsys):
    rows = "".join(f"{index % 7},{index % 3},{index % 2}\n" for index in range(40))
    (tmp_path / "t.csv").write_text(f"a,b,class\n{rows}")
    assert refused(capsys, "--dataset", str(tmp_path / "t.csv"), "--output", str(tmp_path), *CONV) \
        == ("error: Convolution must be for pictures, whose pixels have places: the dataset is a "
            "table of 2 columns (use --hidden)")


@pytest.mark.parametrize("layers", ["conv 4 synapses 5, pool, scores", "conv 4 integer, scores"])
def test_convolutions_are_trained_and_folded(dataset, tmp_path, capsys, layers):
    assert main(["--dataset", dataset, "--output", str(tmp_path / "out"), "--name", "x", *CONV,
                 "--layers", layers, "--flip", "--smoothing", "0.1"]) == 0
    saved = checkpoint.load(tmp_path / "out" / "x.ckpt.npz")
    model = golden.Model(fold(saved))
    np.testing.assert_array_equal(model.scores(np.load(dataset)["x_test"]), saved.test_scores)
    recipe = saved.provenance["recipe"]
    assert (recipe["flip"], recipe["smoothing"], recipe["shape"]) == (True, 0.1, [6, 6, 1])
    said = capsys.readouterr().out
    assert "6x6x1-4-3" in said
    assert "LUT4" not in said  # area is measured of dense layers alone


def test_an_output_that_is_no_folder_is_refused(dataset, tmp_path, capsys):
    (tmp_path / "out").write_text("")
    line = refused(capsys, "--dataset", dataset, "--output", str(tmp_path / "out"), *SMALL)
    assert line == f"error: {tmp_path}/out: File exists (a part of the path is a file)"


def test_nothing_to_resume_is_refused(dataset, tmp_path, capsys):
    line = refused(capsys, "--dataset", dataset, "--output", str(tmp_path), *SMALL, "--resume")
    assert line == (f"error: Training to resume must have left {tmp_path}/rows-12-8.resume.pt: "
                    f"there is no such file (it is removed when a training is complete; leave "
                    f"--resume out)")
