"""Folders of BNN-PYNQ, packed here as its finnthesizer packs them."""

import re
from itertools import pairwise

import numpy as np
import pytest

from sw import golden, network
from sw.exchange import pynq
from sw.exchange.__main__ import main


def packed(folder, rng, sizes, pe, simd, *, last=True):
    """Write a network's files; return weights (±1) and thresholds of each layer."""
    folder.mkdir()
    made = []
    for index, (inputs, neurons) in enumerate(pairwise(sizes)):
        rows = -(-neurons // pe[index]) * pe[index]
        width = -(-inputs // simd[index]) * simd[index]
        bits = np.ones((rows, width), np.uint64)
        bits[:neurons, :inputs] = rng.integers(0, 2, (neurons, inputs))
        thresholds = np.full(rows, 32767, np.int64)
        thresholds[:neurons] = inputs // 2 + rng.integers(-3, 4, neurons)
        made.append((2 * bits[:neurons, :inputs].astype(int) - 1, thresholds[:neurons]))
        values = bits.reshape(rows, -1, simd[index]) << np.arange(simd[index], dtype=np.uint64)
        words = values.sum(axis=2, dtype=np.uint64)
        for each in range(pe[index]):
            words[each::pe[index]].astype("<u8").tofile(folder / f"{index}-{each}-weights.bin")
            if last or index < len(pe) - 1:
                thresholds[each::pe[index]].astype("<i8").tofile(
                    folder / f"{index}-{each}-thres.bin")
    return made


SIZES, PE, SIMD = (30, 20, 12, 10), (4, 6, 16), (8, 6, 64)


@pytest.mark.parametrize("last", [True, False])
def test_a_folder_computes_what_its_files_mean(tmp_path, last):
    rng = np.random.default_rng(1)
    made = packed(tmp_path / "net", rng, SIZES, PE, SIMD, last=last)
    net = pynq.load(tmp_path / "net", PE, SIMD, shape=(5, 6))
    assert [layer.outputs for layer in net.layers] == [30, 20, 12, 10]
    images = rng.integers(0, 256, (60, 5, 6), dtype=np.uint8)
    x = np.where(images.reshape(60, -1) >= 128, 1, -1)
    for weights, thresholds in made[:-1]:
        popcounts = (x @ weights.T + weights.shape[1]) // 2
        x = np.where(popcounts > thresholds, 1, -1)
    weights, thresholds = made[-1]
    scores = (x @ weights.T + weights.shape[1]) // 2 - (thresholds if last else 0)
    ours = golden.Model(net).scores(images)
    np.testing.assert_array_equal(golden.labels(ours), scores.argmax(axis=1))
    np.testing.assert_array_equal(ours - ours[:, :1], 2 * (scores - scores[:, :1]))


def test_the_command_reads_a_folder(tmp_path, capsys):
    packed(tmp_path / "net", np.random.default_rng(1), SIZES, PE, SIMD)
    out = tmp_path / "x.net.npz"
    main([str(tmp_path / "net"), "-o", str(out), "--format", "bnn-pynq", "--pe", "4,6,16",
          "--simd", "8,6,64", "--size", "5x6"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "layer fc1: dense, 30 to 20, 600 synapses"
    assert network.load(out).input_shape == (5, 6)


@pytest.mark.parametrize(("change", "pe", "reason"), [
    (lambda f: None, (4, 6), "PE and SIMD must be one number a layer each: 2 and 3"),
    (lambda f: None, (3, 6, 16), "Layer 0 must have 3 PEs: there is 0-3-weights.bin (check --pe)"),
    (lambda f: (f / "0-1-weights.bin").write_bytes(bytes(9)), PE,
     "Files 0-…-weights.bin must be equally large, and have at most 1,048,576 words: 9, 160 "
     "octets"),
    (lambda f: (f / "1-2-thres.bin").unlink(), PE,
     "{folder}/1-2-thres.bin must be there as those of the other PEs"),
    (lambda f: [(f / f"0-{n}-weights.bin").write_bytes(b"\xff" * 160) for n in range(4)], PE,
     "Words of layer 0 must have at most 8 bits, its SIMD: there are wider ones"),
    (lambda f: [(f / f"0-{n}-weights.bin").write_bytes(bytes(160)) for n in range(4)], PE,
     "Weights of layer 0 behind input 30 must be padding, bits 1: they are not (check --pe, --simd "
     "and the size of the image)")])
def test_folders_that_do_not_fit_are_refused(tmp_path, change, pe, reason):
    folder = tmp_path / "net"
    packed(folder, np.random.default_rng(1), SIZES, PE, SIMD)
    change(folder)
    message = re.escape(reason.format(folder=folder))
    with pytest.raises(ValueError, match=f"^{message}$"):
        pynq.load(folder, pe, SIMD, shape=(5, 6))
