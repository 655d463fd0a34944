"""docs/format.md: its examples run, and every array that is written is described."""

import re
from itertools import product
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest

from hw.plan.schedule import read_schedule
from sw import checkpoint, golden, network
from sw.golden import Model
from sw.layer.conv2d import Conv2d
from sw.layer.integer import IntegerDense
from sw.layer.kind import kinds
from sw.layer.page import table
from sw.layer.pool2d import Pool2d
from sw.network import Dense, Encoder, Scores, load

from .networks import plain_trace, random_checkpoint, random_images, random_network


TEXT = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")


def block(language):
    """Return the one block of code in a language."""
    found, = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return found


@pytest.fixture
def letters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "docs/format.md", "exec"), {})
    return load("letters.net.npz")


def test_the_example_makes_the_network_it_describes(letters, capsys):
    assert [layer.outputs for layer in letters.layers] == [256, 64, 26]
    assert letters.hidden[0].fan_in.tolist() == [40] * 64
    images = random_images(np.random.default_rng(1), 50, letters)
    for (name, have), want in zip(Model(letters).trace(images), plain_trace(letters, images),
                                  strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)


def test_the_example_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "docs/format.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["True", "(5, 26)"]
    assert re.fullmatch(r"\[('[A-Z]'(, )?){5}\]", lines[2])


def test_the_example_schedule_fits_the_example_network(letters):
    schedule = read_schedule(block("json"), letters)
    assert schedule.interval(letters) == 64
    assert read_schedule(schedule.to_json(), letters) == schedule


def test_the_arrays_of_every_kind_are_those_that_it_states():
    missing = [kind.kind for kind in kinds().values() if table(kind) not in TEXT]
    assert missing == []  # python -m sw.layer.page prints the tables


@pytest.mark.parametrize("kind", ["network", "checkpoint"])
def test_every_array_of_a_file_is_described(tmp_path, kind):
    rng = np.random.default_rng(2)
    path = tmp_path / "a.npz"
    if kind == "network":
        network.save(path, random_network(rng, [4, 3, 2]))
    else:
        checkpoint.save(path, random_checkpoint(rng, [4, 3, 2], test_scores=np.zeros((1, 2),
                                                                                    np.int32)))
    with np.load(path) as file:
        names = {re.sub(r"^[1-9]_", "i_", name) for name in file}
    missing = {name for name in names
               if f"`{name}`" not in TEXT and f"`{re.sub('^0_', 'i_', name)}`" not in TEXT}
    assert missing == set()


ROWS = re.findall(r"^\| `([psu] \S+ t)`.* \| (as they are|times -1) \| `(.*)` \|$", TEXT,
                  re.MULTILINE)
WEIGHTS = np.array(list(product((-1, 0, 1), repeat=4)))  # all neurons of four inputs
INPUTS = np.array(list(product((0, 1), repeat=4)))
FAN_IN = np.abs(WEIGHTS).sum(axis=1)
NEGATIVES = (WEIGHTS < 0).sum(axis=1)


def fired(weights, thresholds, inputs):
    """Return the outputs of a hidden layer; thresholds are cut to the allowed range."""
    fan_in = np.abs(weights).sum(axis=1)
    return golden.outputs(Dense("fc0", weights, np.clip(thresholds, 0, fan_in + 1)),
                          inputs.astype(np.uint8)).astype(bool)


def test_the_table_of_conventions_is_read():
    assert len(ROWS) == 9
    assert {row[0] for row in ROWS} == {
        *(f"{what} {sign} t" for what in "ps" for sign in (">=", ">", "<=", "<")), "u >= t"}


@pytest.mark.parametrize(("rule", "weights", "formula"), ROWS)
def test_thresholds_of_other_conventions_fire_at_the_same_inputs(rule, weights, formula):
    s = (2 * INPUTS - 1) @ WEIGHTS.T
    values = {"s": s, "p": (s + FAN_IN) // 2, "u": INPUTS @ WEIGHTS.T}
    for t in np.arange(-12, 13) / 2:
        thresholds = [eval(formula, {"ceil": ceil, "floor": floor, "t": t, "fan_in": int(fan_in),
                                     "negatives": int(negatives)})
                      for fan_in, negatives in zip(FAN_IN, NEGATIVES, strict=True)]
        sign = -1 if weights == "times -1" else 1
        np.testing.assert_array_equal(fired(sign * WEIGHTS, thresholds, INPUTS),
                                      eval(rule, values | {"t": t}))


def test_an_encoders_thresholds_of_other_conventions_are_equal():
    values = np.arange(256)
    for t in (0, 0.5, 1, 127, 127.5, 254.25, 255):
        for threshold, wanted in ((floor(t) + 1, values > t), (ceil(t), values >= t)):
            layer = Encoder("encoder", [[threshold]])
            np.testing.assert_array_equal(golden.outputs(layer, values[:, None])[:, 0], wanted)


def test_a_last_layer_with_thresholds_has_the_same_classes():
    rng = np.random.default_rng(4)
    for _ in range(300):
        weights = rng.integers(-1, 2, (3, 4))
        fan_in = np.abs(weights).sum(axis=1)
        t = rng.integers(-3, 6, 3)
        popcounts = ((2 * INPUTS - 1) @ weights.T + fan_in) // 2
        scores = golden.outputs(Scores("scores", weights, fan_in - 2 * t), INPUTS.astype(np.uint8))
        np.testing.assert_array_equal(scores, 2 * (popcounts - t))
        assert (golden.labels(scores) == (popcounts - t).argmax(axis=1)).all()


@pytest.mark.parametrize("constant", list(product((0, 1), repeat=2)))
def test_constant_inputs_go_into_thresholds_and_biases(constant):
    inputs = INPUTS[(INPUTS[:, 2:] == constant).all(axis=1)]
    n = np.abs(WEIGHTS[:, 2:]).sum(axis=1)
    a = ((2 * np.array(constant) - 1) @ WEIGHTS[:, 2:].T + n) // 2
    for t in range(6):
        allowed = np.minimum(t, FAN_IN + 1)
        np.testing.assert_array_equal(fired(WEIGHTS, allowed, inputs),
                                      fired(WEIGHTS[:, :2], allowed - a, inputs[:, :2]))
    for part, bias in ((slice(0, 4), 7), (slice(0, 2), 7 + 2 * a - n)):
        scores = golden.outputs(Scores("scores", WEIGHTS[:, part], np.broadcast_to(bias, len(n))),
                                inputs[:, part].astype(np.uint8))
        np.testing.assert_array_equal(scores, (2 * inputs - 1) @ WEIGHTS.T + 7)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_activations_of_several_bits_are_neurons_made_several_times(most):
    """Inputs are 0..most here: their bits are those of an encoder with all thresholds."""
    numbers = np.array(list(product(range(most + 1), repeat=4)))
    bits = golden.outputs(Encoder("encoder", np.tile(np.arange(1, most + 1), (4, 1)), 2), numbers)
    for t in np.arange(-2 * 4 * most - 2, 2 * 4 * most + 3) / 2:
        np.testing.assert_array_equal(
            fired(np.repeat(WEIGHTS, most, axis=1), ceil(t) + most * NEGATIVES, bits),
            numbers @ WEIGHTS.T >= t)


def test_activations_of_minus_one_to_one_are_two_bits():
    numbers = np.array(list(product((-1, 0, 1), repeat=4)))
    bits = np.stack([numbers >= 0, numbers >= 1], axis=2).reshape(len(numbers), -1)
    for t in np.arange(-10, 11) / 2:
        np.testing.assert_array_equal(
            fired(np.repeat(WEIGHTS, 2, axis=1), ceil(t) + FAN_IN, bits), numbers @ WEIGHTS.T >= t)


def summed(image, kernel, stride=1, above=0, below=0, padded=0):
    """Return the sum of each window of (channels, rows, columns), padded above and on the left."""
    image = np.pad(image, ((0, 0), (above, below), (above, below)), constant_values=padded)
    rows, columns = ((side - reach) // stride + 1
                     for side, reach in zip(image.shape[1:], kernel.shape[1:], strict=True))
    return np.array([[np.sum(image[:, y:y + kernel.shape[1], x:x + kernel.shape[2]] * kernel)
                      for x in range(0, stride * columns, stride)]
                     for y in range(0, stride * rows, stride)])


def of_last_channels(images):
    """Return images of (n, channels, rows, columns) as the rows of bits that a layer takes."""
    return (images.transpose(0, 2, 3, 1).reshape(len(images), -1) > 0).astype(np.uint8)


def test_kernels_with_channels_first_are_transposed():
    rng = np.random.default_rng(7)
    images = rng.choice([-1, 1], (4, 3, 5, 6))
    kernels = rng.choice([-1, 1], (2, 3, 3, 2))
    dense = rng.choice([-1, 1], (5, 2 * 3 * 5))
    conv = Conv2d("conv0", kernels.transpose(0, 2, 3, 1), [9, 10], 5, 6)
    behind = Dense("fc0", dense.reshape(-1, 2, 3, 5).transpose(0, 2, 3, 1).reshape(len(dense), -1),
                   [15] * 5)
    sums = np.array([[summed(image, kernel) for kernel in kernels] for image in images])
    signs = np.where(sums >= 2 * np.array([9, 10])[:, None, None] - 18, 1, -1)
    bits = golden.outputs(conv, of_last_channels(images))
    np.testing.assert_array_equal(bits, of_last_channels(signs))
    np.testing.assert_array_equal(golden.outputs(behind, bits),
                                  signs.reshape(4, -1) @ dense.T >= 0)


@pytest.mark.parametrize(("rows", "stride", "above", "below", "grown"), [
    (2, 1, 1, 0, (0, 1)), (3, 2, 0, 1, (1, 0)), (4, 1, 1, 2, (1, 0)), (4, 1, 2, 1, (0, 1))])
def test_padding_of_one_side_is_a_kernel_with_more_rows(rows, stride, above, below, grown):
    rng = np.random.default_rng(8)
    images, kernel = rng.choice([-1, 1], (6, 2, 8, 8)), rng.choice([-1, 1], (2, rows, rows))
    larger = np.pad(kernel, ((0, 0), grown, grown)).transpose(1, 2, 0)
    for pad_bit in (0, 1):
        layer = Conv2d("conv0", larger[None], [rows * rows], 8, 8, stride, max(above, below),
                       pad_bit)
        want = [summed(image, kernel, stride, above, below, 2 * pad_bit - 1) >= 0
                for image in images]
        np.testing.assert_array_equal(golden.outputs(layer, of_last_channels(images)),
                                      np.reshape(want, (6, -1)))


def test_padding_of_zeros_and_ones_by_zero_is_a_pad_bit_of_0():
    rng = np.random.default_rng(9)
    images, kernel = rng.integers(0, 2, (6, 2, 5, 5)), rng.integers(-1, 2, (2, 3, 3))
    for t in range(-4, 5):
        layer = Conv2d("conv0", kernel.transpose(1, 2, 0)[None],
                       np.clip([t + (kernel < 0).sum()], 0, (kernel != 0).sum() + 1), 5, 5,
                       padding=1)
        want = [summed(image, kernel, 1, 1, 1) >= t for image in images]
        np.testing.assert_array_equal(golden.outputs(layer, of_last_channels(images)),
                                      np.reshape(want, (6, -1)))


@pytest.mark.parametrize("gamma", [1, -1])
def test_a_pool_of_sums_is_a_pool_of_bits(gamma):
    rng = np.random.default_rng(10)
    images, kernel = rng.choice([-1, 1], (9, 2, 8, 8)), rng.choice([-1, 1], (2, 3, 3))
    conv = Conv2d("conv0", gamma * kernel.transpose(1, 2, 0)[None], [9 + gamma], 8, 8)
    pool = Pool2d("pool", [gamma < 0], 6, 6)
    sums = np.array([summed(image, kernel) for image in images])
    largest = sums.reshape(9, 3, 2, 3, 2).max(axis=(2, 4))
    np.testing.assert_array_equal(
        golden.outputs(pool, golden.outputs(conv, of_last_channels(images))),
        (gamma * largest >= 2 * gamma).reshape(9, -1))


def test_integers_of_another_scale_have_other_thresholds():
    x = np.random.default_rng(11).integers(0, 256, (300, 4))
    weights = WEIGHTS[(WEIGHTS != 0).any(axis=1)]
    a, b = 2 / 255, -1
    sums = (a * x + b) @ weights.T
    total = weights.sum(axis=1)
    for t in (-1.3, 0.01, 0.77):
        rising, falling = np.ceil((t - b * total) / a), -np.floor((t - b * total) / a)
        for sign, thresholds, want in ((1, rising, sums >= t), (-1, falling, sums <= t)):
            made = sign * weights
            low, high = 255 * np.minimum(made, 0).sum(axis=1), 255 * np.maximum(made, 0).sum(axis=1)
            layer = IntegerDense("fc0", made, np.clip(thresholds, low, high + 1))
            np.testing.assert_array_equal(golden.outputs(layer, x.astype(np.uint8)), want)
