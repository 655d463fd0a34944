"""The command line of sw.exchange."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sw import golden, network
from sw.artefact import artefact
from sw.command import run
from sw.data import datasets
from sw.exchange import check, incoming
from sw.exchange.__main__ import main
from sw.exchange.check import Comparison, Images
from tests.networks import random_network

from .graphs import Sketch, fc


FILES = Path(__file__).parent / "files"


def test_a_model_of_brevitas_becomes_a_network_and_a_graph_again(tmp_path, capsys):
    net, picture = tmp_path / "fc.net.npz", tmp_path / "fc.png"
    main([str(FILES / "fc.onnx"), "-o", str(net), "--dataset", "mnist", "--report", str(picture)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "input: pixels / 255, 0 to 1"
    assert "BipolarQuant 'node__symbolic_2'" in lines[8]
    assert lines[8].endswith("fc1: thresholds")
    assert lines[-5:-1] == [
        "compared on mnist, 10000 test images: t10k-images-idx3-ubyte.gz",
        "accuracy 86.91 %, the graph's and the golden model's",
        "labels that differ: 0 of 10000; images with scores that differ: 0 of 10000",
        "images whose greatest score several classes have: 282 of 10000 (the graph's first class "
        "wins; a runtime that rounds sums may choose another)"]
    made = network.load(net)
    assert lines[-1] == f"wrote {net}, {picture} (identity {made.identity[:12]})"
    assert made.provenance == {"dataset": "mnist", "exchange": {"file": "fc.onnx"}}
    assert made.conversion.fit == "drawing"
    assert Image.open(picture).size[0] > 500

    main([str(net), "-o", str(tmp_path / "again.onnx")])
    assert f"wrote {tmp_path / 'again.onnx'} (of the network {made.identity[:12]}; " \
        in capsys.readouterr().out
    main([str(tmp_path / "again.onnx"), "-o", str(tmp_path / "again.net.npz"), "--report",
          str(tmp_path / "again.txt")])
    out = capsys.readouterr().out
    assert "compared on 1000 random images" in out
    assert network.load(tmp_path / "again.net.npz").identity == made.identity
    assert (tmp_path / "again.txt").read_text().splitlines()[0] == (
        "input: pixels as they are, 0 to 255")


def test_a_published_network_is_written_by_its_name(tmp_path, capsys):
    main(["tfc", "-o", str(tmp_path / "x.onnx"), "--no-bipolar"])
    identity = network.load(artefact("tfc")).identity[:12]
    assert f"(of the network {identity}; " in capsys.readouterr().out
    assert b"BipolarQuant" not in (tmp_path / "x.onnx").read_bytes().split(b"fc1_matmul")[1][:400]


def test_images_that_several_classes_win_are_counted(tmp_path, capsys):
    g = Sketch((1, 16))
    g.add("Sub", np.float32([0.5]))
    g.sign()
    g.add("MatMul", np.random.default_rng(1).choice([-0.37, 0.37], (16, 4)).astype(np.float32))
    main([str(g.save(tmp_path / "netz ü カ.onnx")), "-o", str(tmp_path / "netz ü カ.net.npz")])
    made = network.load(tmp_path / "netz ü カ.net.npz")
    images = check.random_images(incoming.load(tmp_path / "netz ü カ.onnx")).pixels
    scores = np.sort(golden.Model(made).scores(images), axis=1)
    shared = int((scores[:, -1] == scores[:, -2]).sum())
    assert shared > 50
    assert (f"images whose greatest score several classes have: {shared} of 1000 (the graph's "
            f"first class wins; a runtime that rounds sums may choose another)"
            in capsys.readouterr().out)


def test_names_of_classes_come_from_a_file(tmp_path):
    names = [f"digit {index}" for index in range(10)]
    (tmp_path / "names.txt").write_text("\n".join(names))
    main([str(FILES / "fc.onnx"), "-o", str(tmp_path / "x.net.npz"), "--labels",
          str(tmp_path / "names.txt")])
    assert network.load(tmp_path / "x.net.npz").labels == tuple(names)


def test_mean_and_deviation_of_the_training_count(tmp_path):
    g = Sketch((1, 16))
    g.sign()
    g.add("MatMul", np.eye(16, 4).astype(np.float32))
    source = str(g.save(tmp_path / "x.onnx"))
    main([source, "-o", str(tmp_path / "x.net.npz"), "--mean", "0.25", "--std", "0.5"])
    assert network.load(tmp_path / "x.net.npz").first.thresholds.tolist() == [[64]] * 16
    main([source, "-o", str(tmp_path / "x.net.npz"), "--pixels", "0..255", "--mean", "100"])
    assert network.load(tmp_path / "x.net.npz").first.thresholds.tolist() == [[100]] * 16


def test_a_folder_of_pictures_with_options_is_compared(tmp_path, capsys):
    data = datasets.load("mnist", download=False)
    for index in range(120):
        folder = tmp_path / "digits" / str(data.test_labels[index])
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - data.test_images[index]).save(folder / f"{index}.png")
    main([str(FILES / "fc.onnx"), "-o", str(tmp_path / "x.net.npz"), "--dataset",
          str(tmp_path / "digits"), "--invert"])
    found = re.search(r"accuracy ([\d.]+) %, the graph's and the golden model's",
                      capsys.readouterr().out)
    assert float(found[1]) > 70
    made = network.load(tmp_path / "x.net.npz")
    assert made.conversion.invert is True
    assert made.provenance["data"] == {"invert": True}


def fails(arguments, capsys, message):
    """The command ends with code 2 and this one line."""
    with pytest.raises(SystemExit) as caught:
        run(main, [str(each) for each in arguments])
    error = capsys.readouterr().err
    assert (caught.value.code, error) == (2, f"error: {message}\n")


def test_bad_arguments_are_refused_in_one_line(tmp_path, capsys):
    fails([FILES / "fc.onnx", "-o", "x.txt"], capsys,
          "Output must end in .net.npz to read a graph, or in .onnx to write one: x.txt")
    fails([tmp_path / "none.onnx", "-o", tmp_path / "x.net.npz"], capsys,
          f"{tmp_path / 'none.onnx'}: No such file or directory (check the path)")
    fails([FILES / "conv.onnx", "-o", tmp_path / "x.net.npz", "--invert"], capsys,
          "Pictures must not be inverted for a graph that quantizes pixels to 8 bits: the "
          "quantization comes first (invert the files)")
    fails([FILES / "fc.onnx", "-o", tmp_path / "x.net.npz", "--std", "0"], capsys,
          "Deviation of the input must be finite numbers, and no deviation 0: (0.0,)")
    fails([FILES / "fc.onnx", "-o", tmp_path / "x.net.npz", "--mean", "0.1,0.2"], capsys,
          "Mean of the input must be one number, or one a channel: 2 for 1")
    for option, value, rule in (
            ("--mean", "a", "must be numbers with commas between them: 'a'"),
            ("--pe", "4;2", "must be integers with commas between them: '4;2'"),
            ("--report", "x.jpg", "must end in .txt, .md for text, or in .png, .svg, .pdf for a "
                                  "picture: 'x.jpg'")):
        fails([FILES / "fc.onnx", "-o", tmp_path / "x.net.npz", option, value], capsys,
              f"argument {option}: {rule} (python -m sw.exchange --help says what can be given)")
    fails([tmp_path / "x.pt", "-o", tmp_path / "x.net.npz", "--report", "x.txt"], capsys,
          "Report must be about a graph, of the format onnx or larq: torch has no nodes (leave "
          "--report out)")
    fails([FILES / "README.md", "-o", tmp_path / "x.net.npz"], capsys,
          f"{FILES / 'README.md'} must be an ONNX model: its octets are none (check the download)")
    shutil.copy(FILES / "fc.onnx", tmp_path / "x.net.npz")
    fails([tmp_path / "x.net.npz", "-o", tmp_path / "y.onnx"], capsys,
          f"{tmp_path / 'x.net.npz'} must be a folded network (thresher-net/1) (.npz): it is an "
          f"ONNX network (python -m sw.exchange {tmp_path / 'x.net.npz'} -o x.net.npz makes a "
          f"network of it)")
    sketch = fc(np.random.default_rng(1), (784, 8, 4))
    fails([sketch.save(tmp_path / "four.onnx"), "-o", tmp_path / "z.net.npz", "--dataset", "mnist"],
          capsys, "Labels must be one per class: 10, not 4")
    assert not (tmp_path / "z.net.npz").exists()


def test_a_network_that_differs_from_its_graph_is_not_written(tmp_path, capsys, monkeypatch):
    def differing(imported, images):
        return Comparison(Images(images.pixels, None, "three images"), np.zeros((3, 2)),
                          np.zeros((3, 2), np.int32), 1, 2, 0, np.zeros(3, int))
    monkeypatch.setattr("sw.exchange.check.compare", differing)
    fails([FILES / "fc.onnx", "-o", tmp_path / "x.net.npz"], capsys,
          f"Network must compute what {FILES / 'fc.onnx'} computes: 1 labels and the scores of 2 "
          f"images differ (nothing is written; please report this)")
    assert not (tmp_path / "x.net.npz").exists()


def test_onnx_is_named_where_it_is_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    fails([FILES / "fc.onnx", "-o", tmp_path / "x.net.npz"], capsys,
          "Exchange needs the package onnx (pip install onnx)")


def test_written_scores_are_golden_for_a_network_of_two_layers(tmp_path):
    net = random_network(np.random.default_rng(3), (9, 4))
    network.save(tmp_path / "x.net.npz", net)
    main([str(tmp_path / "x.net.npz"), "-o", str(tmp_path / "x.onnx")])
    main([str(tmp_path / "x.onnx"), "-o", str(tmp_path / "y.net.npz")])
    again = network.load(tmp_path / "y.net.npz")
    images = np.random.default_rng(4).integers(0, 256, (50, 9), dtype=np.uint8)
    np.testing.assert_array_equal(golden.Model(again).scores(images),
                                  golden.Model(net).scores(images))
