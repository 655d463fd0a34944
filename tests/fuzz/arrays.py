"""Targets in .npz files: networks, checkpoints, datasets."""

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from sw import checkpoint, golden, network
from sw.conversion import as_is
from sw.data import datasets
from sw.fold import fold
from sw.store.files import read_arrays
from sw.trained.lookup import TrainedLookup
from tests.networks import (
    checkpoint_scores,
    conv_network,
    lookup_network,
    plain_trace,
    random_checkpoint,
    random_lookup,
    random_network,
)
from tests.trained import conv_checkpoint

from .mutate import arrays_of, changed_arrays, damaged
from .target import Target


def written(save, value):
    """Return the octets of a file that a function saves."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npz"
        save(path, value)
        return path.read_bytes()


def _images(shape, bits):
    return np.random.default_rng(1).integers(0, 2**bits, (3, *shape)).astype(np.uint16)


def network_seeds():
    rng = np.random.default_rng(1)
    made = [random_network(rng, sizes, synapses, levels, None, shape)
            for sizes, synapses, levels, shape in [
                ((6, 4, 3), None, (128,), None), ((4, 3, 5, 2), (3, 2, 4), (10, 100), (2, 2)),
                ((3, 2), None, (128,), None)]]
    made.append(lookup_network(rng, 5, [(4, 2), (6, 6)]))
    made.append(conv_network(rng, (4, 6, 1), [
        ("space_to_depth", 2, {}), ("conv2d", 3, {"padding": 1, "pad_bit": 1}),
        ("pool2d", 2, {})], last="scores2d", classes=2))
    made.append(conv_network(rng, (4, 3, 1), [("integer_conv2d", 2, {
        "padding": 1, "pad_value": 7, "stride": 2})], classes=2))
    made.append(conv_network(rng, (2, 3, 1), [("integer_dense", 3, {})], classes=2))
    return [written(network.save, each) for each in made]


def sign(arrays):
    """Give a file the identity of its content, as somebody could who means harm."""
    try:
        return {**arrays, "identity": np.array(network.parse(arrays).identity)}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return arrays


def network_inputs(kept):
    seeds = network_seeds()
    arrays = [arrays_of(seed) for seed in seeds]
    return st.one_of(changed_arrays(arrays, sign), changed_arrays(arrays),
                     damaged([*seeds, *kept]))


def network_holds(read, path):
    """It is what was saved: same identity when saved again, golden equals the plain arithmetic."""
    assert all(type(extent) is int and extent > 0 for extent in read.input_shape)
    assert isinstance(read.provenance, dict)
    json.dumps(read.provenance)
    again = path.with_name("again.npz")
    network.save(again, read)
    assert network.load(again).identity == read.identity
    images = _images(read.input_shape, read.layers[0].input_bits)
    np.testing.assert_array_equal(golden.Model(read).scores(images), plain_trace(read, images)[-1])


def checkpoint_seeds():
    rng = np.random.default_rng(2)
    made = [random_checkpoint(rng, sizes, synapses, **others)
            for sizes, synapses, others in [
                ((6, 4, 3), None, {"test_scores": np.zeros((5, 3), np.int32)}),
                ((4, 3, 5, 2), (3, 2, 4), {"input_shape": (2, 2)})]]
    tables = random_lookup(rng, 4, 6, 3, "fc0")
    mixed = TrainedLookup(tables.name, tables.wires, tables.tables, tables.width)
    made.append(replace(made[0], hidden=(mixed,), test_scores=None))
    made.extend(conv_checkpoint(rng, integer=integer, summed=integer, classes=2)
                for integer in (False, True))
    return [written(checkpoint.save, each) for each in made]


def checkpoint_inputs(kept):
    seeds = checkpoint_seeds()
    return st.one_of(changed_arrays([arrays_of(seed) for seed in seeds]), damaged([*seeds, *kept]))


def checkpoint_holds(read, path):
    """It folds, and the folded network gives the scores of its BatchNorm."""
    folded = fold(read)
    assert isinstance(read.provenance, dict)
    images = _images(read.input_shape, read.layers[0].input_bits)
    np.testing.assert_array_equal(golden.Model(folded).scores(images),
                                  checkpoint_scores(read, images))


def dataset_seeds():
    rng = np.random.default_rng(3)
    images, labels = rng.integers(0, 256, (12, 3, 2), dtype=np.uint8), np.arange(12) % 3
    seeds = [{"train_images": images, "train_labels": labels},
             {"x_train": images, "y_train": labels, "x_test": images[:3], "y_test": labels[:3],
              "labels": np.array(["a", "b", "c"])},
             {"train_images": images.astype(np.int64), "train_labels": np.array(list("abc") * 4)},
             {"train_images": images, "train_labels": labels, "test_images": images[:3],
              "test_labels": np.array(list("012"))}]
    written = []
    for arrays in seeds:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        written.append(buffer.getvalue())
    return written


def dataset_inputs(kept):
    seeds = dataset_seeds()
    return st.one_of(changed_arrays([arrays_of(seed) for seed in seeds]), damaged([*seeds, *kept]))


def dataset_is_whole(read):
    """Octets of one shape, and labels that all have a name."""
    assert 2 <= len(read.labels) <= 256
    assert np.prod(read.input_shape) > 0
    for images, labels in [(read.train_images, read.train_labels),
                           (read.test_images, read.test_labels)]:
        assert images.dtype == np.uint8
        assert images.shape == (len(labels), *read.input_shape)
        assert labels.dtype == np.int64
        assert len(labels) > 0
        assert labels.min() >= 0
        assert labels.max() < len(read.labels)


def dataset_holds(read, path):
    """Images are those of the file, unless its values have another range."""
    dataset_is_whole(read)
    arrays = read_arrays(path, "a dataset")
    given = next((arrays[name] for name in ("train_images", "x_train") if name in arrays), None)
    if given is None or read.conversion != as_is(read.input_shape):
        return
    if "test_images" in arrays or "x_test" in arrays:
        assert read.train_images.tobytes() == given.astype(np.uint8).tobytes()
    assert len(read.train_images) <= len(given)


TARGETS = [
    Target("network", "x.net.npz", network.load, network_inputs, network_holds),
    Target("checkpoint", "x.ckpt.npz", checkpoint.load, checkpoint_inputs, checkpoint_holds),
    Target("dataset", "x.npz", datasets.load, dataset_inputs, dataset_holds),
]
