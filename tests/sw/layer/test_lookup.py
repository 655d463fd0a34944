"""sw.layer.lookup, sw.golden.lookup: rules of the kind, files, golden at every size."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import checkpoint, golden, network
from sw.checkpoint import Checkpoint
from sw.fold import fold
from sw.layer.function import Function
from sw.layer.lookup import Lookup
from sw.plain.lookup import plain_tables
from sw.show.show import SHOWN
from sw.trained.lookup import TrainedLookup
from train.activations import activations

from ...networks import (
    looked_up,
    lookup_network,
    random_checkpoint,
    random_images,
    random_lookup,
)


AND = Lookup("and", [[0, 2]], [[0, 0, 0, 1]], 3)


@pytest.mark.parametrize(("wires", "tables", "width", "message"), [
    ([[0, 1]], [[0, 1, 1, 1]], 0, r"^Width of layer 'x' must be in 1\.\.1048576: 0$"),
    ([[0, 3]], [[0, 1, 1, 1]], 3,
     r"^Wires of layer 'x' must be in 0\.\.2: neuron 0 has 3$"),
    ([[0, 1], [0, -1]], [[0, 1, 1, 1]] * 2, 3,
     r"^Wires of layer 'x' must be in 0\.\.2: neuron 1 has -1$"),
    ([[0, 1]], [[0, 1, 1]], 3,
     r"^Tables of layer 'x' must have 4 rows for 2 inputs: 3$"),
    ([[0] * 7], [[0] * 128], 3, r"^Tables of layer 'x' must have 1 to 6 inputs: 7 \(make a tree of "
                                r"smaller tables\)$"),
    ([[0, 1]], [[0, 1, 2, 1]], 3, r"^Tables of layer 'x' must be in 0\.\.1: 0\.\.2$"),
    ([[0, 1]], [[0, 1, 1, 1]] * 2, 3, r"^Tables of layer 'x' must be one per neuron: 2, not 1$"),
    ([0, 1], [[0, 1, 1, 1]], 3, r"^Wires of layer 'x' must be int32 with 2 dimensions: int64 of "
                                r"shape \(2,\)$")])
def test_its_rules_are_checked(wires, tables, width, message):
    with pytest.raises(ValueError, match=message):
        Lookup("x", np.array(wires), np.array(tables), width)


def test_the_first_input_is_the_lowest_bit_of_a_row():
    layer = Lookup("x", [[1, 0, 2]], [[0, 1, 0, 0, 0, 0, 0, 0]], 3)
    assert [word for word in range(8) if golden.outputs(layer, np.array(
        [[word >> place & 1 for place in range(3)]], np.uint8))[0, 0]] == [0b010]


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), neurons=st.integers(1, 70), inputs=st.integers(1, 90),
       wires=st.integers(1, 6), count=st.integers(1, 130))
def test_golden_is_the_row_of_the_table(seed, neurons, inputs, wires, count):
    rng = np.random.default_rng(seed)
    layer = random_lookup(rng, neurons, inputs, wires, "x")
    bits = rng.integers(2, size=(count, inputs), dtype=np.uint8)
    have = golden.outputs(layer, bits)
    assert have.dtype == np.uint8
    np.testing.assert_array_equal(have, plain_tables(layer, bits))
    np.testing.assert_array_equal(have[:3], [looked_up(layer, row) for row in bits[:3]])


@pytest.mark.parametrize("wires", range(1, 7))
def test_every_row_of_a_table_for_all_inputs(wires):
    """Neuron n is 1 in row n only."""
    rows = 2**wires
    layer = Lookup("x", np.tile(np.arange(wires), (rows, 1)), np.eye(rows, dtype=np.uint8), wires)
    bits = (np.arange(rows)[:, None] >> np.arange(wires) & 1).astype(np.uint8)
    np.testing.assert_array_equal(golden.outputs(layer, bits), np.eye(rows))


@pytest.mark.parametrize("count", [1, 63, 1024, 1025])
def test_golden_in_blocks_of_any_size(count):
    folded = lookup_network(np.random.default_rng(2), 50, [(700, 4), (300, 5)])
    images = random_images(np.random.default_rng(count), count, folded)
    encoder, first, second, _ = golden.Model(folded).trace(images)
    want = plain_tables(folded.layers[1], encoder[1])
    np.testing.assert_array_equal(first[1], want)
    np.testing.assert_array_equal(second[1], plain_tables(folded.layers[2], want))


def test_no_images_give_no_labels():
    folded = lookup_network(np.random.default_rng(2), 5, [(7, 4)])
    assert golden.Model(folded).labels(np.zeros((0, 5), np.uint8)).shape == (0,)


def test_functions_are_the_tables_without_what_does_not_matter():
    layer = Lookup("x", [[3, 3], [2, 0], [1, 0], [0, 1]],
                   [[0, 0, 0, 1], [1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]], 4)
    assert layer.functions == (Function((3,), 0b10), Function((), 1), Function((1,), 0b10),
                               Function((0, 1), 0b0100))
    assert layer.fan_in.tolist() == [1, 0, 1, 2]
    again = Lookup.of_functions("x", layer.functions, 4)
    assert again.functions == layer.functions
    assert again.wires.shape == (4, 2)


def test_it_is_saved_and_loaded_with_its_identity(tmp_path):
    folded = lookup_network(np.random.default_rng(4), 12, [(20, 4), (9, 1)])
    network.save(tmp_path / "a.net.npz", folded)
    again = network.load(tmp_path / "a.net.npz")
    assert again.identity == folded.identity
    for name in ("wires", "tables"):
        np.testing.assert_array_equal(getattr(again.layers[1], name),
                                      getattr(folded.layers[1], name))
    assert not again.layers[1].tables.flags.writeable


def test_a_checkpoint_folds_to_its_tables_and_pytorch_computes_them(tmp_path):
    rng = np.random.default_rng(6)
    folded = lookup_network(rng, 30, [(40, 4), (20, 3)])
    hidden = [TrainedLookup(layer.name, layer.wires, layer.tables, layer.width)
              for layer in folded.hidden]
    last = random_checkpoint(rng, [20, 4]).last
    trained = Checkpoint(folded.first, hidden, last, folded.labels, folded.input_shape)
    checkpoint.save(tmp_path / "a.ckpt.npz", trained)
    again = checkpoint.load(tmp_path / "a.ckpt.npz")
    assert isinstance(again.hidden[0].width, int)
    made = fold(again)
    assert [layer.kind for layer in made.layers] == ["encoder", "lookup", "lookup", "scores"]
    np.testing.assert_array_equal(made.layers[2].tables, folded.layers[2].tables)
    images = random_images(rng, 70, folded)
    for have, (name, want) in zip(activations(again, images), golden.Model(made).trace(images),
                                  strict=True):
        np.testing.assert_array_equal(have, want, err_msg=name)
    assert again.hidden[0].report(made.layers[1]).startswith(
        "lookup0: 30 inputs, 40 tables of 4 inputs, ")


def test_a_trained_width_that_is_no_integer_is_refused():
    with pytest.raises(ValueError, match=r"^Width of layer 'x' must be an integer: 2\.5$"):
        TrainedLookup("x", AND.wires, AND.tables, 2.5)


def test_an_output_is_explained_by_the_row_of_its_table():
    detail = SHOWN.of(AND).detail(AND, np.array([1, 0, 1], np.uint8), 0)
    assert detail == " (inputs 0=1 2=1: row 3 of its table)"
    assert SHOWN.of(AND).tiles(AND).tolist() == [[0.5, 0, 0.5]]
    assert SHOWN.of(AND).reads(AND).tolist() == [1, 0, 1]


def test_two_layers_of_tables_run_at_half_a_million_images_a_second():
    """Half of that is asserted, as others may use the machine's caches."""
    folded = lookup_network(np.random.default_rng(1), 784, [(1000, 4), (600, 4)], classes=10)
    model, images = golden.Model(folded), random_images(np.random.default_rng(2), 8192, folded)
    model.labels(images)
    start = time.process_time()
    model.labels(images)
    assert len(images) / (time.process_time() - start) >= 250_000
