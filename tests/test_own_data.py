"""Users' datasets in all forms: what training prints is what classify gives on the test files."""

import csv
import io
import json
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from PIL import Image

from sw import checkpoint, classify, evaluate, fold
from train import bnn_mnist


ALPHABETS = ("abcdefgh", "0123456789", "äöüßéñ", "日本語漢字", "אבגדה")
SIZES = ((6, 6), (8, 5), (7, 9))
FORMS = ("folder", "idx", "npz", "csv")
OPTIONS = ([], ["--invert"], ["--transpose"], ["--size", "5x6"], ["--photo", "--size", "6x5"],
           ["--drawing", "--size", "9x9"])


def silent(function, *arguments):
    """Call a command's main function; return what it printed."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        assert not function(list(map(str, arguments)))
    return out.getvalue()


class Drawn:
    """A random dataset: each class is a bright patch at a place of its own, in noise."""

    def __init__(self, seed):
        rng = self.rng = np.random.default_rng(seed)
        self.form = FORMS[seed % len(FORMS)]
        self.size = SIZES[rng.integers(len(SIZES))]
        self.light = bool(rng.integers(2))
        self.bits = int(rng.choice([1, 4, 8] if self.form == "idx" else [1, 4, 8, 12, 16]))
        self.names = self._names(int(rng.integers(2, 6)))
        self.options = [] if self.form == "csv" else OPTIONS[rng.integers(len(OPTIONS))]
        self.train, self.train_classes = self._part(90)
        self.test, self.test_classes = self._part(40)

    def _names(self, count):
        letters = list(ALPHABETS[self.rng.integers(len(ALPHABETS))])
        names = set()
        while len(names) < count:
            names.add("".join(self.rng.choice(letters, self.rng.integers(1, 7))))
        return sorted(names)

    def _part(self, count):
        classes = np.arange(count) % len(self.names)
        rows, columns = self.size
        pictures = self.rng.random((count, rows, columns)) * 0.6
        for picture, place in zip(pictures, classes, strict=True):
            picture[place % rows, :] += 0.4
            picture[:, (2 * place) % columns] += 0.2 * self.rng.random()
        if self.light:
            pictures = 1 - np.clip(pictures, 0, 1)
        pictures = np.clip(np.rint(pictures * (2**self.bits - 1)), 0, 2**self.bits - 1)
        return pictures.astype(np.uint8 if self.bits <= 8 else np.uint16), classes

    def write(self, path):
        """Write the dataset; return its path, and the files of the test part."""
        return getattr(self, f"_{self.form}")(path)

    def _folder(self, path):
        for part in ("train", "test"):
            pictures, classes = getattr(self, part), getattr(self, f"{part}_classes")
            for index, (picture, place) in enumerate(zip(pictures, classes, strict=True)):
                folder = path / "set" / part / self.names[place]
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(folder / f"{index:03}.png")
        return path / "set", path / "set" / "test"

    def _idx(self, path):
        (path / "set").mkdir()
        for part, prefix in (("train", "train"), ("test", "t10k")):
            for array, kind in ((getattr(self, part), "images-idx3-ubyte"),
                                (getattr(self, f"{part}_classes"), "labels-idx1-ubyte")):
                header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
                (path / "set" / f"{prefix}-{kind}").write_bytes(
                    header + array.astype(np.uint8).tobytes())
        self.names = [str(place) for place in range(len(self.names))]
        return path / "set", path / "set" / "t10k-images-idx3-ubyte"

    def _npz(self, path):
        names = np.array(self.names)
        np.savez(path / "set.npz", x_train=self.train, y_train=names[self.train_classes],
                 x_test=self.test, y_test=names[self.test_classes])
        return path / "set.npz", path / "set.npz"

    def _csv(self, path):
        for part, name in (("train", "set.csv"), ("test", "set.test.csv")):
            pictures, classes = getattr(self, part), getattr(self, f"{part}_classes")
            with open(path / name, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["label", *(f"f{n}" for n in range(pictures[0].size))])
                for picture, place in zip(pictures, classes, strict=True):
                    writer.writerow([self.names[place], *picture.ravel().tolist()])
        return path / "set.csv", path / "set.test.csv"


def trained(dataset, folder, *options):
    """Train and fold a small network by the commands; return its file and what training said."""
    out = silent(bnn_mnist.main, "--dataset", dataset, "--hidden", "24", "--epochs", "6", "--batch",
                 "30", "--output", folder, "--name", "net", *options)
    silent(fold.main, folder / "net.ckpt.npz")
    return folder / "net.net.npz", out


@pytest.mark.parametrize("seed", range(16))
def test_classify_is_as_good_as_training_said(seed, tmp_path):
    drawn = Drawn(seed)
    dataset, files = drawn.write(tmp_path)
    net, said = trained(dataset, tmp_path / "out", *drawn.options)
    out = silent(classify.main, net, files, "--json", tmp_path / "answers.json")
    answers = json.loads((tmp_path / "answers.json").read_text())["examples"]
    right = sum(entry["label"] == entry["class"] for entry in answers)
    assert len(answers) == 40, seed
    assert said.splitlines()[-1] == f"test accuracy {100 * right / 40:.2f} %", seed
    assert f"accuracy {100 * right / 40:.2f} %: {right} of 40" in out, seed
    want = checkpoint.load(tmp_path / "out" / "net.ckpt.npz").test_scores
    np.testing.assert_array_equal([entry["scores"] for entry in answers], want, err_msg=str(seed))


def drawings(folder, change=lambda pixels: pixels, count=240):
    """Write bright patches into ``train/CLASS`` and ``test/CLASS``; the last sixth is for tests."""
    rng = np.random.default_rng(2)
    for row in range(count):
        pixels = np.zeros((12, 12), np.uint8)
        place = row % 3
        pixels[2 + 3 * place:5 + 3 * place, 2:10] = rng.integers(140, 256, (3, 8))
        pixels[rng.integers(12, size=5), rng.integers(12, size=5)] = 255
        path = folder / ("test" if row >= count * 5 // 6 else "train") / "abc"[place]
        path.mkdir(parents=True, exist_ok=True)
        Image.fromarray(change(pixels)).save(path / f"{row:03}.png")
    return folder


def accuracy(out):
    """Return the percentage in the line that tells the accuracy."""
    return next(line.split("accuracy ")[1].split(" %")[0] for line in out.splitlines()
                if "accuracy " in line)


@pytest.mark.parametrize("options", [[], ["--invert"], ["--drawing"]])
def test_dark_drawings_on_light_paper_are_answered_as_they_were_trained(tmp_path, options):
    folder = drawings(tmp_path / "light", lambda pixels: 255 - pixels)
    net, said = trained(folder, tmp_path / "out", *options)
    assert float(accuracy(said)) > 90
    assert accuracy(silent(evaluate.main, net)) == accuracy(said)
    assert accuracy(silent(classify.main, net, folder / "test")) == accuracy(said)
    files = sorted((folder / "test").glob("*/*.png"))
    assert accuracy(silent(classify.main, net, *files)) == accuracy(said)


def inked(pixels):
    return (pixels > 127) * np.uint8(255)


@pytest.mark.parametrize(("change", "like"), [
    (lambda pixels: pixels.astype(np.uint16) * 16, None),
    (lambda pixels: pixels.astype(np.uint16) * 257, None),
    (lambda pixels: (pixels > 127).astype(np.uint8), inked),
    (lambda pixels: (pixels > 127).astype(np.uint16), inked),
    (lambda pixels: pixels > 127, inked)])
def test_pictures_of_any_depth_train_as_those_of_8_bits(tmp_path, change, like):
    like = like or (lambda pixels: pixels)
    for name, pixels in (("deep", change), ("octets", like)):
        trained(drawings(tmp_path / name, pixels), tmp_path / f"{name}-out")
    deep, octets = (checkpoint.load(tmp_path / f"{name}-out" / "net.ckpt.npz").test_scores
                    for name in ("deep", "octets"))
    np.testing.assert_array_equal(deep, octets)


def measures(path, rows, names=("oak", "elm", "ash"), order=(0, 1, 2, 3)):
    """Write a table with the class last; its columns lie in ranges of their own."""
    rng = np.random.default_rng(4)
    classes = np.arange(120) % 3
    values = rng.normal(size=(120, 4)) * [1, 10, 0.1, 3] + 4 * np.eye(4)[classes] * [1, 10, 0.1, 3]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*("wxyz"[place] for place in order), "tree"])
        for row in rows:
            writer.writerow([*(f"{values[row, place]:.4f}" for place in order),
                             names[classes[row]]])
    return path


def answers(net, file, folder):
    silent(classify.main, net, file, "--json", folder / "answers.json")
    return json.loads((folder / "answers.json").read_text())["examples"]


def test_rows_of_another_table_are_scaled_as_those_of_the_training(tmp_path):
    net, _ = trained(measures(tmp_path / "all.csv", range(120)), tmp_path / "out")
    want = answers(net, tmp_path / "all.csv", tmp_path)
    some = measures(tmp_path / "some.csv", range(40, 52), order=(3, 1, 0, 2))
    for have, row in zip(answers(net, some, tmp_path), range(40, 52), strict=True):
        assert (have["scores"], have["class"]) == (want[row]["scores"], want[row]["class"])
    out = silent(evaluate.main, net, "--dataset", some)
    right = sum(entry["label"] == entry["class"] for entry in want[40:52])
    assert f"{some}, 12 test images: all of it, as it has no test part" in out
    assert f"accuracy {100 * right / 12:.2f} %: {right} of 12, " in out


@pytest.mark.parametrize(("rows", "names", "message"), [
    (range(0, 120, 2), ("oak", "elm", "Ash"),
     "the network has no 'Ash'; the dataset has no 'ash' (give a file with lines such as Ash,ash "
     "by --map; an empty one accepts what is missing)"),
    ([row for row in range(120) if row % 3], ("oak", "elm", "ash"),
     "the dataset has no 'oak' (give a file with lines THEIRS,OURS by --map; an empty one accepts "
     "what is missing)"),
    (range(120), ("oak", "elm", "yew"),
     "the network has no 'yew'; the dataset has no 'ash' (give a file with lines THEIRS,OURS by "
     "--map; an empty one accepts what is missing)")])
def test_other_classes_are_no_accuracy_of_zero(tmp_path, rows, names, message):
    net, _ = trained(measures(tmp_path / "all.csv", range(120)), tmp_path / "out")
    other = measures(tmp_path / "other.csv", rows, names)
    with pytest.raises(ValueError, match="must have") as caught:
        evaluate.main([str(net), "--dataset", str(other)])
    assert str(caught.value) == (f"Dataset '{other}' must have the classes of the network: "
                                 f"{message}")
    ours = dict(zip(names, ("oak", "elm", "ash"), strict=True))
    (tmp_path / "map.csv").write_text("".join(f"{name},{ours[name]}\n" for name in names))
    out = silent(evaluate.main, net, "--dataset", other, "--map", tmp_path / "map.csv")
    assert float(accuracy(out)) > 60
