"""State dicts of our own networks, written by PyTorch."""

import io
import pickle
import re
import zipfile

import numpy as np
import pytest
import torch

from sw import golden, network
from sw.command import run
from sw.exchange import statedict, torchfile
from sw.exchange.__main__ import main
from sw.layer.encoder import Encoder
from train.models import Network, scores
from train.sparse import SparseNetwork


LEVELS = (64, 128, 200)


def trained(sparse, levels=LEVELS):
    """Return a network of 5 x 6 pixels with all tensors moved from their first values."""
    generator = torch.Generator().manual_seed(3)
    inputs = 30 * len(levels)
    made = (SparseNetwork(inputs, (20, 12, 4), (9, 7, 12), (16, 8, 12), limit=1,
                          generator=generator) if sparse
            else Network(inputs, (20, 12, 4), (inputs, 20, 12), limit=1, generator=generator))
    for normal in made.normal:
        for tensor in normal.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) * 3 - 1)
        normal.variance.abs_()
    if sparse:
        for linear, count in zip(made.linear, made.counts, strict=True):
            order = torch.rand(linear.mask.shape, generator=generator).argsort(1)
            linear.set_mask((order < count).to(torch.uint8))
    return made


@pytest.mark.parametrize("sparse", [False, True])
def test_a_network_computes_what_pytorch_computes(tmp_path, sparse):
    net = trained(sparse)
    torch.save(net.state_dict(), tmp_path / "x.pt")
    read = statedict.load(tmp_path / "x.pt", thresholds=LEVELS, shape=(5, 6))
    assert read.guessed == ()
    images = np.random.default_rng(1).integers(0, 256, (300, 5, 6), dtype=np.uint8)
    theirs = scores(net, torch.from_numpy(images), Encoder.uniform(30, LEVELS)).numpy()
    np.testing.assert_array_equal(golden.Model(read.network).scores(images), theirs)
    np.testing.assert_array_equal(statedict.scores(read.checkpoint, images), theirs)
    assert read.differ(images) == 0
    assert len(np.unique(theirs.argmax(axis=1))) > 1


def test_the_command_tells_what_it_guesses(tmp_path, capsys):
    torch.save(trained(False, (128,)).state_dict(), tmp_path / "x.pth")
    main([str(tmp_path / "x.pth"), "-o", str(tmp_path / "x.net.npz")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "guessed: an image is 30 (--size or --dataset: another)",
        "guessed: the encoder's thresholds are 128 at every pixel (--thresholds: others; training "
        "moves those of nearly constant pixels)",
        "random images: 0 of 1000 have scores that differ from evaluation in PyTorch",
        "layer encoder: encoder, 30 of 8 bits to 30"]
    assert network.load(tmp_path / "x.net.npz").labels == ("0", "1", "2", "3")


def test_thresholds_of_every_pixel_come_from_a_file(tmp_path, capsys):
    torch.save(trained(True).state_dict(), tmp_path / "x.pt")
    rows = np.sort(np.random.default_rng(1).integers(1, 256, (30, 3)), axis=1)
    np.save(tmp_path / "rows.npy", rows)
    main([str(tmp_path / "x.pt"), "-o", str(tmp_path / "x.net.npz"), "--size", "5x6",
          "--thresholds", str(tmp_path / "rows.npy")])
    made = network.load(tmp_path / "x.net.npz")
    np.testing.assert_array_equal(made.first.thresholds, rows)
    assert made.input_shape == (5, 6)
    assert "guessed" not in capsys.readouterr().out


def saved(path, change=lambda tensors: tensors, sparse=False):
    torch.save(change(dict(trained(sparse).state_dict())), path)
    return path


def without(name):
    return lambda tensors: {each: value for each, value in tensors.items() if each != name}


def with_(name, value):
    return lambda tensors: {**tensors, name: value}


WAY = "(networks of train.models and train.sparse have a state dict that can be read)"


@pytest.mark.parametrize(("change", "sparse", "reason"), [
    (without("normal.1.mean"), False,
     f"State dict must have all tensors of a network: no normal.1.mean {WAY}"),
    (with_("conv.weight", torch.zeros(3)), False,
     f"State dict must have tensors of a dense or sparse network only: conv.weight {WAY}"),
    (with_("normal.0.gamma", torch.full((20,), torch.nan)), False,
     "Tensor 'normal.0.gamma' must be float32 and finite: float32 of shape (20,)"),
    (with_("normal.0.gamma", torch.zeros(20, dtype=torch.float64)), False,
     "Tensor 'normal.0.gamma' must be float32 and finite: float64 of shape (20,)"),
    (with_("normal.0.gamma", torch.zeros(19)), False,
     "Tensor 'normal.0.gamma' must be of shape (20,), as the weights are: (19,)"),
    (with_("linear.1.weight", torch.zeros((12, 19))), False,
     "Tensor 'linear.1.weight' must have the 20 outputs of the layer before as inputs: 19"),
    (with_("linear.1.candidates", torch.full((12, 8), 20)), True,
     "Tensor 'linear.1.candidates' must be different numbers in 0..19: 20 to 20 (check --size and "
     "--thresholds)"),
    (with_("linear.0.weight", torch.zeros((20, 77))), False,
     "Encoder must give the 77 inputs of the first layer: 30 pixels, 30 of 3 thresholds (check "
     "--size, --dataset and --thresholds)")])
def test_tensors_that_do_not_fit_are_refused(tmp_path, change, sparse, reason):
    path = saved(tmp_path / "x.pt", change, sparse)
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        statedict.load(path, thresholds=LEVELS, shape=(5, 6))


def test_a_sparse_network_needs_the_shape_of_an_image(tmp_path):
    with pytest.raises(ValueError, match=r"^Shape of an image must be given for a sparse network, "
                                         r"whose state dict does not say its inputs \(--size "
                                         r"ROWSxCOLUMNS or --dataset D\)$"):
        statedict.load(saved(tmp_path / "x.pt", sparse=True))


def crafted(path, pickled, parts=()):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickled)
        for name, octets in parts:
            archive.writestr(f"x/{name}", octets)
    return path


def tensor(count, size, stride, offset=0):
    """Return the pickle of a dict with one tensor, as torch.save writes it."""
    class Pid:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, each):
            return ("storage", torch.FloatStorage, "0", "cpu", count) \
                if isinstance(each, Pid) else None

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Pid(), offset, size, stride, False, {})

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({"log_scale": Tensor()})
    return buffer.getvalue()


def pickled(value):
    return pickle.dumps(value, 2)


@pytest.mark.parametrize(("text", "parts", "reason"), [
    (pickled({"x": 1}), (), "its entry 'x' is no tensor"),
    (pickled([]), (), "its pickle has the instruction EMPTY_LIST"),
    (pickled({"x": print}), (), "it names __builtin__.print, which is no tensor"),
    (b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", (),
     "it names builtins.bytearray, which is no tensor"),
    (b"\x80\x02}r\xff\xff\xff\x7f.", (), "its pickle counts more values than it has"),
    (tensor(2**40, (2**40,), (1,)), [("data/0", bytes(4))],
     "its storage '0' has 4 octets, not those of 1099511627776 numbers"),
    (tensor(1, (2**40,), (0,)), [("data/0", bytes(4))],
     "a tensor of the shape (1099511627776,) has 1 numbers"),
    (tensor(1, (), (), offset=1), [("data/0", bytes(4))], "a tensor of the shape () has 1 numbers"),
    (tensor(1, (), ()), [("data/0", bytes(4)), ("byteorder", b"big")],
     "its numbers are not little-endian"),
    (tensor(1, (), ()), (), "\"There is no item named 'x/data/0' in the archive\"")])
def test_files_that_are_no_state_dict_are_refused(tmp_path, text, parts, reason):
    path = crafted(tmp_path / "x.pt", text, parts)
    message = re.escape(f"{path} must be a state dict: {reason} (write it by "
                        f"torch.save(network.state_dict(), …))")
    with pytest.raises(ValueError, match=f"^{message}$"):
        torchfile.read(path)


def test_a_whole_network_is_refused_by_name(tmp_path, capsys):
    torch.save(trained(False), tmp_path / "x.pt")
    with pytest.raises(SystemExit, match="2"):
        run(lambda: main([str(tmp_path / "x.pt"), "-o", str(tmp_path / "x.net.npz")]))
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "must be a state dict: " in error
    assert list(tmp_path.iterdir()) == [tmp_path / "x.pt"]


def test_damaged_files_give_one_line_or_the_same_network(tmp_path):
    path, rng = saved(tmp_path / "x.pt"), np.random.default_rng(1)
    octets, reasons = path.read_bytes(), []
    for _ in range(150):
        broken = bytearray(octets)
        for place in rng.integers(0, len(octets), rng.integers(1, 4)):
            broken[place] = rng.integers(256)
        path.write_bytes(broken[:rng.integers(len(octets))] if rng.random() < 0.2 else broken)
        try:
            statedict.load(path, thresholds=LEVELS, shape=(5, 6))
        except ValueError as error:
            reasons.append(str(error))
    assert len(reasons) > 100
    assert not any("\n" in reason for reason in reasons)
