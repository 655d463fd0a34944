"""C equals the golden model, for every kind of layer, way to compute it and processor feature."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from sw.c.batch import files
from sw.c.check import compare, library_scores, typed
from sw.c.part import CODE
from sw.c.source import source
from sw.c.target import TARGETS
from sw.layer.integer import IntegerDense
from sw.layer.kind import kinds
from sw.network import Dense, Encoder, Network, Scores
from tests.networks import conv_network, lookup_network, random_network

from .made import assert_golden, compiled


def networks():
    """Return small networks that contain every kind of layer in several sizes."""
    rng = np.random.default_rng(11)
    return {
        "dense": random_network(rng, [70, 33, 65, 5], [None, 9, None]),
        "many words": random_network(rng, [2300, 17, 9, 3], [None, None, None]),
        "missing synapses": random_network(rng, [700, 33, 9, 5], [200, 20, 5], levels=(1, 256)),
        "look-up": lookup_network(rng, 50, [(40, 4), (30, 6), (20, 1), (30, 3), (20, 2), (20, 5)]),
        "windows": conv_network(rng, (9, 11, 1), [
            ("conv2d", 6, {"synapses": 7, "padding": 1, "pad_bit": 1}), ("pool2d", 2, {}),
            ("conv2d", 9, {"kernel": (3, 2), "stride": 2})], levels=(60, 128, 200)),
        "dense windows": conv_network(rng, (8, 12, 3), [
            ("space_to_depth", 2, {}), ("conv2d", 20, {"padding": 1}), ("pool2d", 3, {}),
            ("dense", 20, {"synapses": 9})]),
        "map": conv_network(rng, (8, 8, 2), [
            ("conv2d", 40, {"kernel": (5, 5), "padding": 2, "stride": 2})], last="scores2d",
            synapses=11),
        "many votes": conv_network(rng, (14, 14, 1), [
            ("conv2d", 48, {"synapses": 9, "padding": 1})], classes=10),
        "integers": conv_network(rng, (8, 9, 3), [
            ("integer_conv2d", 19, {"padding": 1, "pad_value": 100}),
            ("conv2d", 7, {"synapses": 12})]),
        "few integers": conv_network(rng, (8, 9, 3), [
            ("integer_conv2d", 19, {"padding": 1, "pad_value": 3, "synapses": 5, "stride": 2}),
            ("pool2d", 2, {})]),
        "12-bit integers": conv_network(rng, (6, 7, 2), [
            ("integer_conv2d", 5, {"padding": 1, "pad_value": 1000, "input_bits": 12})]),
        "16-bit integers": conv_network(rng, (6, 7, 2), [
            ("integer_conv2d", 5, {"padding": 1, "pad_value": 257, "input_bits": 16,
                                   "synapses": 3})]),
        "16-bit levels": Network([
            Encoder("encoder", np.sort(rng.integers(0, 2**16 + 1, (20, 3))), 16),
            *random_network(rng, [60, 9, 3]).layers[1:]], list("abc"), (20,)),
        "few dense integers": conv_network(rng, (4, 5, 1), [
            ("integer_dense", 33, {"synapses": 3})]),
        "dense integers": conv_network(rng, (4, 5, 1), [("integer_dense", 33, {})]),
    }


NETWORKS = networks()
# Options of compilers that choose another kernel, each. UBSan ends the process at an overflow.
FLAGS = {
    "this processor": ("-O1", "-march=native"),
    "AVX2": ("-O1", "-mavx2", "-mpopcnt"),
    "POPCNT": ("-O1", "-mpopcnt"),
    "adders": ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"),
    "SWAR": ("-O1", "-DSWAR"),
}


def images_of(network, count=600):
    """Return random images, more than a lane has bits; the first are all 0 and all 1."""
    rng = np.random.default_rng(12)
    images = rng.integers(0, 2**network.input_bits, (count, *network.input_shape))
    images[0], images[1] = 0, 2**network.input_bits - 1
    return typed(network, images.astype(np.uint16))


def test_the_networks_have_every_kind():
    assert {layer.kind for network in NETWORKS.values() for layer in network.layers} == set(kinds())


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("flags", ["this processor", "adders"])
def test_scores_are_goldens(name, flags, tmp_path):
    network = NETWORKS[name]
    library = compiled(tmp_path, network, TARGETS["host"].options, FLAGS[flags])
    assert_golden(library, network, images_of(network))


@pytest.mark.parametrize("flags", ["AVX2", "POPCNT", "SWAR"])
@pytest.mark.parametrize("name", ["many words", "missing synapses", "windows"])
def test_every_kernel_counts_the_same(name, flags, tmp_path):
    network = NETWORKS[name]
    library = compiled(tmp_path, network, TARGETS["host"].options, FLAGS[flags])
    assert_golden(library, network, images_of(network))


@pytest.mark.parametrize("name", ["many words", "missing synapses", "look-up", "integers",
                                  "few integers"])
def test_words_of_32_bits_give_the_same(name, tmp_path):
    network = NETWORKS[name]
    library = compiled(tmp_path, network, TARGETS["cortex-m"].options, FLAGS["adders"])
    assert_golden(library, network, images_of(network))


@pytest.mark.parametrize("flags", ["AVX2", "adders"])
@pytest.mark.parametrize("name", ["map", "many votes"])
def test_last_layers_may_be_computed_image_by_image(name, flags, tmp_path):
    made = source(NETWORKS[name], "net", TARGETS["cortex-m"].options, "lanes")
    text = files(made)["net_batch.c"]
    assert "unslice(" in text
    assert "count_scores" not in text
    library = compiled(tmp_path, NETWORKS[name], TARGETS["cortex-m"].options, FLAGS[flags], "lanes")
    assert_golden(library, NETWORKS[name], images_of(NETWORKS[name]))


@pytest.mark.parametrize("sparse", ["words", "lists", "code"])
@pytest.mark.parametrize("name", ["missing synapses", "windows"])
def test_every_way_of_sparse_layers_gives_the_same(name, sparse, tmp_path):
    network = NETWORKS[name]
    options = replace(TARGETS["host"].options, sparse=sparse)
    library = compiled(tmp_path, network, options, FLAGS["adders"], batch="loop")
    assert_golden(library, network, images_of(network))


def edges():
    """Return neurons of all thresholds: those that always fire and never do are among them."""
    rng = np.random.default_rng(13)
    fan_ins = np.repeat(np.arange(0, 9), np.arange(0, 9) + 2)
    thresholds = np.concatenate([np.arange(fan_in + 2) for fan_in in range(9)]).astype(np.int32)
    order = rng.random((len(fan_ins), 10)).argsort(axis=1)
    weights = np.where(order < fan_ins[:, None], rng.choice([-1, 1], order.shape), 0)
    scores = np.zeros((2, len(fan_ins)), np.int8)
    scores[0] = 1
    return Network([Encoder.uniform(10), Dense("edges", weights.astype(np.int8), thresholds),
                    Scores("scores", scores, np.array([-2**24, 2**24]))], ["a", "b"], (10,),
                   positive=True)


@pytest.mark.parametrize("bits", [8, 16])
def test_the_greatest_sums_of_integers_are_right(bits, tmp_path):
    """Neurons of equal weights, whose thresholds are around the sum of greatest pixels."""
    most = 400 * (2**bits - 1)
    weights = np.repeat(np.array([[1], [-1]], np.int8), 400, axis=1).repeat(3, axis=0)
    thresholds = np.array([most - 1, most, most + 1, -most, 1 - most, 0], np.int32)
    first = IntegerDense("sums", weights, thresholds, bits)
    scores = Scores("scores", np.eye(6, dtype=np.int8), np.zeros(6, np.int32))
    network = Network([first, scores], list("abcdef"), (400,), positive=True)
    library = compiled(tmp_path, network, TARGETS["host"].options, FLAGS["adders"])
    images = images_of(network, 70)
    images[2:9] = 2**bits - 1
    images[np.arange(2, 9), np.arange(2, 9) * 40] -= 1
    assert_golden(library, network, images)


@pytest.mark.parametrize("sparse", ["auto", "lists", "code"])
def test_all_thresholds_at_all_inputs(sparse, tmp_path):
    network = edges()
    images = 255 * (np.arange(1024)[:, None] >> np.arange(10) & 1).astype(np.uint8)
    options = replace(TARGETS["host"].options, sparse=sparse)
    assert_golden(compiled(tmp_path, network, options, FLAGS["adders"]), network, images)


def test_threads_do_not_disturb_each_other(tmp_path):
    network = NETWORKS["dense windows"]
    library = compiled(tmp_path, network, TARGETS["host"].options, FLAGS["adders"])
    images = images_of(network)
    with ThreadPoolExecutor(4) as pool:
        every = list(pool.map(lambda batch: library_scores(library, "net", images, 4, batch=batch),
                              [False, True] * 4))
    for found in every:
        compare(network, images, found)


def test_a_class_without_synapses_has_its_bias(tmp_path):
    network = edges()
    library = compiled(tmp_path, network, TARGETS["host"].options, FLAGS["adders"])
    images = images_of(network, 5)
    found = library_scores(library, "net", images, 2, batch=True)
    assert (found[:, 1] == 2**24).all()


def test_a_changed_weight_is_noticed(tmp_path):
    network = NETWORKS["dense"]
    first, *others = [layer for layer in network.layers if layer.kind == "dense"]
    weights = first.weights.copy()
    weights[0] *= -1
    wrong = Network([network.layers[0], Dense(first.name, weights, first.thresholds), *others,
                     network.layers[-1]], network.labels, network.input_shape, positive=True)
    library = compiled(tmp_path, wrong, TARGETS["host"].options, FLAGS["adders"])
    images = images_of(network)
    found = library_scores(library, "net", images, network.classes)
    with pytest.raises(ValueError, match=r"^Scores of C must be golden's: they differ for \d+ of "
                                         r"600 images, first in image \d+, class '\d': -?\d+, not "
                                         r"-?\d+ \(please report it\)$"):
        compare(network, images, found)


def test_dense_layers_are_not_made_logic():
    with pytest.raises(ValueError, match=r"^Layer 'fc0' must be sparse for --batch lanes: its "
                                         r"logic takes too long to compile \(--batch loop\)$"):
        source(NETWORKS["many words"], "net", TARGETS["host"].options, "lanes")


def test_small_code_has_no_logic_for_batches():
    assert not source(NETWORKS["look-up"], "net", TARGETS["cortex-m"].options).sliced
    assert source(NETWORKS["look-up"], "net", TARGETS["host"].options).sliced


def test_scratch_memory_is_what_the_fields_take():
    made = source(NETWORKS["dense windows"], "net", TARGETS["host"].options)
    fields = made.memory
    octets = 8 * fields["words"] + fields["window"] + fields["a"] + fields["b"]
    assert octets <= 8 * made.scratch < octets + 8


def test_inputs_that_nothing_reads_are_known():
    layer = NETWORKS["missing synapses"].layers[2]
    assert CODE.of(layer).reads(layer).tolist() == (layer.weights != 0).any(axis=0).tolist()
