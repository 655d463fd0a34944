"""Users' datasets in all forms: what training prints is what classify gives on the test files."""

import csv
import io
import json
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from PIL import Image

from sw import checkpoint, classify, fold
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
