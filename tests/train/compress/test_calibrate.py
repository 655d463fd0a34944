"""train.compress.calibrate: ranges of all learnables and activations, as onnxruntime finds them."""

import csv
import json
import re

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.calibrate import CalibrationDataReader, create_calibrator
from torch import nn

from train.compress import calibrate, ranges
from train.compress.data import Part
from train.compress.network import build
from train.compress.trace import trace

from .given import Residual, made, pixels


def test_every_learnable_and_activation_has_a_row():
    traced = trace(made(Residual), Residual.shape)
    rows = calibrate.calibrate(traced, pixels(Residual, 30))
    assert [(row.name, row.given, row.what) for row in rows[:6]] == [
        ("input", "input", "activation"), ("one", "one.weight", "weight"),
        ("one", "norm.bias", "bias"), ("one", "one+norm", "activation"),
        ("relu", "relu", "activation"), ("two", "two.weight", "weight")]
    weight = traced["one"].weight
    assert (rows[1].low, rows[1].high) == (float(weight.min()), float(weight.max()))
    assert [row.count for row in rows[:2]] == [30 * 3 * 16 * 18, weight.numel()]


def test_histograms_count_powers_of_two():
    values = torch.tensor([0.0, 1.0, -1.9, 0.5, 0.49, 2.0**-20, -2.0**30])
    row = ranges.of_value("x", "x", "weight", values)
    found = dict(zip(ranges.POWERS, row.powers.tolist(), strict=True))
    assert {power: count for power, count in found.items() if count} == {
        0: 2, -1: 1, -2: 1, -16: 1, 16: 1}
    assert row.zeros == 1


class Reader(CalibrationDataReader):
    """Gives onnxruntime the calibration images, one call each."""

    def __init__(self, inputs):
        self.left = [{"input": part.numpy()} for part in inputs.split(50)]

    def get_next(self):
        return self.left.pop(0) if self.left else None


def in_onnx(traced, path):
    """Write convolutions, ReLUs, pools and products as ONNX, a node a layer."""
    nodes, values = [], []
    for layer in traced.layers[1:]:
        inputs = list(layer.inputs)
        for what, value in layer.learnables.items():
            values.append(numpy_helper.from_array(value.detach().numpy(), f"{layer.name}.{what}"))
            inputs.append(values[-1].name)
        kind, facts = {
            "convolution": ("Conv", {}), "ReLU": ("Relu", {}), "reshape": ("Flatten", {}),
            "max pool": ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
            "fully connected": ("Gemm", {"transB": 1})}[layer.kind]
        nodes.append(helper.make_node(kind, inputs, [layer.name], **facts))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
            for name, shape in (("input", traced.layers[0].shape), ("scores", (3,)))]
    graph = helper.make_graph(nodes, "x", ends[:1], ends[1:], values)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)


def test_ranges_are_those_of_onnxruntime(tmp_path):
    network = build("conv 4 valid, pool, dense 9, scores", (1, 8, 8), 3, seed=5)
    traced = trace(network, (1, 8, 8))
    part = Part(np.random.default_rng(2).integers(0, 256, (130, 8, 8)).astype(np.uint8), None)
    in_onnx(traced, tmp_path / "n.onnx")
    calibrator = create_calibrator(tmp_path / "n.onnx", op_types_to_calibrate=None,
                                   augmented_model_path=str(tmp_path / "augmented.onnx"))
    calibrator.collect_data(Reader(part.inputs))
    theirs = {name: data.range_value for name, data in calibrator.compute_data().items()}
    ours = {row.name: (row.low, row.high) for row in ranges.of_activations(traced, part)}
    assert set(ours) <= set(theirs)
    for name, pair in ours.items():
        assert pair == pytest.approx([np.ravel(value)[0] for value in theirs[name]], abs=1e-6), name


def test_a_share_leaves_outliers_out():
    part = pixels(Residual, 60)
    traced = trace(made(Residual), Residual.shape)
    whole, cut = (ranges.of_activations(traced, part, share) for share in (1.0, 0.99))
    assert all(inner.low >= outer.low and inner.high <= outer.high
               for inner, outer in zip(cut, whole, strict=True))
    assert cut[1].high < 0.9 * whole[1].high
    with pytest.raises(ValueError, match=r"^Share of values that a range covers must be above 0.5, "
                                         r"at most 1: 0.5$"):
        ranges.of_activations(traced, part, 0.5)


def test_nan_is_refused():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2)).eval()
    with torch.no_grad():
        network[1].weight[0, 0] = float("nan")
    part = Part(np.ones((3, 2, 2), np.uint8), None)
    with pytest.raises(ValueError, match=re.escape("Activation of layer '1' must be finite: it has "
                                                   "NaN or infinity (check the data and the "
                                                   "weights)")):
        calibrate.calibrate(trace(network, (1, 2, 2)), part)


@pytest.fixture
def dataset(tmp_path):
    """Write pictures of two classes as arrays."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    images = (rng.integers(0, 120, (400, 6, 6)) + 100 * labels[:, None, None]).astype(np.uint8)
    np.savez(tmp_path / "set.npz", x_train=images[:300], y_train=labels[:300],
             x_test=images[300:], y_test=labels[300:])
    return tmp_path / "set.npz"


MODULE = """
import torch
from torch import nn


def model():
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))


def nothing():
    return 3


def worst(scores, labels):
    return min((scores.argmax(1) == labels)[labels == c].mean() for c in (0, 1))
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    return tmp_path / "mine.py"


def test_the_command_writes_table_and_picture(dataset, module, tmp_path, capsys):
    calibrate.main([f"{module}:model", "--data", str(dataset), "--as-is", "--output",
                    str(tmp_path / "out"), "--calibration", "64", "--seed", "3"])
    rows = json.loads((tmp_path / "out" / "model.ranges.json").read_text())
    table = list(csv.reader((tmp_path / "out" / "model.ranges.csv").open()))
    assert (rows["images"], rows["seed"]) == (64, 3)
    assert [row["what"] for row in rows["ranges"]].count("activation") == 5
    assert len(table) == 1 + len(rows["ranges"])
    for row, line in zip(rows["ranges"], table[1:], strict=True):
        assert [row["optimized"], row["given"], row["what"]] == line[:3]
        assert (row["min"], row["max"]) == (float(line[3]), float(line[4]))
        assert row["zeros"] + sum(row["powers"].values()) == sum(map(int, line[5:]))
    assert (tmp_path / "out" / "model.ranges.png").read_bytes().startswith(b"\x89PNG")
    assert "wrote " in capsys.readouterr().out


@pytest.mark.parametrize(("words", "message"), [
    (["{module}:nothing"], r"Model must be an nn.Module: .*mine.py:nothing returns int"),
    (["{module}:missing"], r"Model must be module:function, or file.py:function: .*has no "
                           r"attribute 'missing' \(run from the folder that has the module\)"),
    (["nowhere:model"], r"Model must be module:function.*: No module named 'nowhere' .*"),
    (["{module}:model", "--calibration", "0"], r"Calibration part must have images: 0 of 300"),
    (["{module}:model", "--calibration", "280"], r"Calibration and validation parts must leave "
                                                 r"images to train with: 280 \+ 100 of 300"),
    (["{module}:model", "--size", "7x7"], r"Model must be one that torch.export can trace.*"),
])
def test_mistakes_are_refused_before_anything_is_written(words, message, dataset, module, tmp_path):
    argv = [word.format(module=module) for word in words]
    with pytest.raises(ValueError, match=f"^{message}$"):
        calibrate.main([*argv, "--data", str(dataset), "--output", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
