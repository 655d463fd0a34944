"""Convolutional folders of BNN-PYNQ, packed and computed here synapse by synapse."""

import re

import numpy as np
import pytest
import torch
from torch.nn import functional

from sw import golden, network
from sw.data.convert import Converter
from sw.exchange import pynq
from sw.exchange.__main__ import main


SIDE, CHANNELS = 12, (3, 8, 8, 12)
DENSE = (12 * 2 * 2, 16, 10)
PE, SIMD = (4, 2, 6, 4, 4), (3, 8, 4, 12, 1)
LAYERS = "conv,conv,pool,conv,dense,dense"


def write(folder, index, rows, thresholds, pe, simd):
    """Write a layer whose neurons have lists of bits, as finnthesizer.py orders them."""
    while len(rows) % pe:
        rows, thresholds = [*rows, [1] * len(rows[0])], [*thresholds, 32767]
    for each in range(pe):
        words, bounds = [], []
        for neuron in range(each, len(rows), pe):
            bits = list(rows[neuron]) + [1] * (-len(rows[neuron]) % simd)
            words += [sum(bit << place for place, bit in enumerate(bits[start:start + simd]))
                      for start in range(0, len(bits), simd)]
            bounds.append(thresholds[neuron])
        np.array(words, "<u8").tofile(folder / f"{index}-{each}-weights.bin")
        if thresholds[0] is not None:
            np.array(bounds, "<i8").tofile(folder / f"{index}-{each}-thres.bin")


def interleaved(kernel):
    """Return the values of a kernel (channels, rows, columns), the channels fastest."""
    channels, rows, columns = kernel.shape
    return [int(kernel[channel, row, column]) for row in range(rows) for column in range(columns)
            for channel in range(channels)]


@pytest.fixture
def made(tmp_path):
    """Return a folder, and its bits and thresholds: kernels (neurons, channels, 3, 3), rows."""
    rng, folder, layers = np.random.default_rng(4), tmp_path / "net", []
    folder.mkdir()
    for index in range(3):
        bits = rng.integers(0, 2, (CHANNELS[index + 1], CHANNELS[index], 3, 3))
        middle = bits[0].size // 2
        thresholds = (rng.integers(-1500, 1500, len(bits)) if index == 0
                      else middle + rng.integers(-4, 5, len(bits))).tolist()
        layers.append((bits, thresholds))
        write(folder, index, [interleaved(kernel) for kernel in bits], thresholds, PE[index],
              SIMD[index])
    for index in (3, 4):
        inputs, neurons = DENSE[index - 3], DENSE[index - 2]
        bits = rng.integers(0, 2, (neurons, inputs))
        thresholds = (inputs // 2 + rng.integers(-3, 4, neurons)).tolist() if index == 3 \
            else [None] * neurons
        layers.append((bits, thresholds))
        rows = [interleaved(row.reshape(12, 2, 2)) for row in bits] if index == 3 else bits.tolist()
        rows += [[1] * inputs] * (64 - neurons if index == 4 else 0)
        thresholds = thresholds + [None] * (len(rows) - len(thresholds))
        write(folder, index, rows, thresholds, PE[index], SIMD[index])
    return folder, layers


def popcounts(layers, pixels):
    """Return the last layer's popcounts for pixels, uint8 (n, rows, columns, 3), as CNV's do."""
    scaled = np.clip(np.floor(128 * (2.0 * pixels / 255 - 1) + 0.5), -128, 127) / 128
    x = torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())
    for index, (bits, thresholds) in enumerate(layers[:3]):
        weights = torch.from_numpy(2.0 * bits - 1)
        sums = functional.conv2d(x, weights)
        bounds = torch.tensor(thresholds, dtype=torch.float64).reshape(-1, 1, 1)
        if index == 0:
            fires = sums > bounds / 256
        else:
            fires = (sums + bits[0].size) / 2 > bounds
        x = 2 * fires.double() - 1
        if index == 1:
            x = functional.max_pool2d(x, 2)
    x = x.flatten(1).numpy()  # channel by channel
    bits, thresholds = layers[3]
    x = np.where((x @ (2 * bits - 1).T + bits.shape[1]) / 2 > thresholds, 1, -1)
    bits = layers[4][0]
    return (x @ (2 * bits - 1).T + bits.shape[1]) // 2


def test_a_folder_computes_what_its_files_mean(made):
    folder, layers = made
    net = pynq.load(folder, PE, SIMD, layers=LAYERS, shape=(SIDE, SIDE, 3))
    pixels = np.random.default_rng(1).integers(0, 256, (200, SIDE, SIDE, 3), dtype=np.uint8)
    inputs = Converter(net.conversion, net.input_shape).all(pixels)
    ours, theirs = golden.Model(net).scores(inputs), popcounts(layers, pixels)
    np.testing.assert_array_equal(ours - ours[:, :1], 2 * (theirs - theirs[:, :1]))
    assert len(np.unique(theirs.argmax(axis=1))) > 3
    assert [layer.kind for layer in net.layers] == [
        "integer_conv2d", "conv2d", "pool2d", "conv2d", "dense", "scores"]


def test_pixels_become_what_the_host_of_cnv_makes_of_them():
    rows = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    inputs = Converter(pynq._conversion((16, 16)), (16, 16)).all(rows)
    expected = np.clip(np.floor(128 * (2.0 * rows / 255 - 1) + 0.5), -128, 127) + 128
    np.testing.assert_array_equal(inputs, expected)


def test_the_command_reads_a_convolutional_folder(made, tmp_path, capsys):
    main([str(made[0]), "-o", str(tmp_path / "x.net.npz"), "--format", "bnn-pynq", "--pe",
          "4,2,6,4,4", "--simd", "3,8,4,12,1", "--layers", LAYERS, "--size", "12x12", "--colour"])
    assert "layer conv2: conv2d, 10 x 10 x 8 to 8 x 8 x 8, " in capsys.readouterr().out
    assert network.load(tmp_path / "x.net.npz").input_shape == (12, 12, 3)


@pytest.mark.parametrize(("layers", "reason"), [
    ("conv,conv,dense", "PE and SIMD must be one number a layer each: 5 and 5 for 3 layers"),
    ("conv,relu", "Layers must be 'cnv', or conv, pool and dense divided by commas: 'relu' (such "
                  "as conv,conv5,pool,dense,dense)"),
    ("conv,dense,pool,dense", "Layers must be at most 64, begin with weights and end with dense "
                              "ones: conv, dense, pool, dense"),
    ("pool,dense", "Layers must be at most 64, begin with weights and end with dense ones: pool, "
                   "dense"),
    ("conv5,conv,pool,conv,dense,dense", "Files of layer 0 must have weights for the 75 "
     "values of the layer before: 27 (check --pe and --simd)")])
def test_layers_that_do_not_fit_are_refused(made, layers, reason):
    with pytest.raises(ValueError, match="must") as caught:
        pynq.load(made[0], PE, SIMD, layers=layers, shape=(SIDE, SIDE, 3))
    assert re.sub(r"\s+", " ", str(caught.value)) == reason


def test_pixels_cannot_be_padded(made):
    with pytest.raises(ValueError, match=r"^SIMD of layer 0 must divide its 27 inputs, pixels that "
                                         r"have no padding bit: 4$"):
        pynq.load(made[0], PE, (4, *SIMD[1:]), layers=LAYERS, shape=(SIDE, SIDE, 3))


def test_thresholds_of_too_many_bits_are_refused(made):
    path = made[0] / "1-0-thres.bin"
    path.write_bytes(np.full(4, 2**63 - 1, "<i8").tobytes())
    with pytest.raises(ValueError, match=r"^Thresholds of layer 1 must be within 2,147,483,648: "
                                         r"3\d to 9223372036854775807$"):
        pynq.load(made[0], PE, SIMD, layers=LAYERS, shape=(SIDE, SIDE, 3))
