"""Test images are converted by the network's conversion, and classes matched by their names."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sw import network as networks
from sw.conversion import Picture, Row
from sw.data.options import Options
from sw.data.testset import load_test_set, match_classes, overridden
from tests.networks import random_network


LABELS = ("cat", "dog", "owl")
RNG = np.random.default_rng(5)
PICTURES = RNG.integers(0, 256, (30, 4, 4), dtype=np.uint8)
CLASSES = np.array(LABELS)[np.arange(30) % 3]


def network(conversion=None, shape=(4, 4), **provenance):
    net = random_network(np.random.default_rng(1), (int(np.prod(shape)), 6, 3), labels=LABELS,
                         input_shape=shape)
    return replace(net, conversion=conversion, provenance=provenance)


def arrays(path, pictures=PICTURES, classes=CLASSES, **others):
    np.savez(path, x_train=pictures, y_train=classes, **others)
    return str(path)


def test_classes_are_matched_by_name_and_not_by_place():
    places, left_out, notes = match_classes(("owl", "dog", "cat"), LABELS)
    assert (places.tolist(), left_out, notes) == ([2, 1, 0], False, [])


@pytest.mark.parametrize(("names", "message"), [
    (("cat", "dog"), "the dataset has no 'owl' (give a file with lines THEIRS,OURS by --map; an "
                     "empty one accepts what is missing)"),
    (("cat", "dog", "owl", "cow"), "the network has no 'cow' (give a file with lines such as "
                                   "cow,owl by --map; an empty one accepts what is missing)"),
    (("cat", "dog", "owls"), "the network has no 'owls'; the dataset has no 'owl' (give a file "
                             "with lines such as owls,owl by --map; an empty one accepts what is "
                             "missing)")])
def test_other_classes_are_listed_and_refused(names, message):
    with pytest.raises(ValueError, match="^" + re.escape(
            f"Dataset 'd' must have the classes of the network: {message}") + "$"):
        match_classes(names, LABELS, dataset="d")


def test_a_file_renames_classes_and_leaves_some_out(tmp_path):
    (tmp_path / "map.csv").write_text("owls,owl\ncow,\n")
    places, left_out, notes = match_classes(("owls", "cow", "dog"), LABELS, tmp_path / "map.csv")
    assert (places.tolist(), left_out) == ([2, -1, 1], True)
    assert notes == ["no examples of 'cat'", "left out: examples of 'cow'"]


def test_all_of_another_dataset_is_used_and_said(tmp_path):
    test = load_test_set(network(), arrays(tmp_path / "new.npz"))
    np.testing.assert_array_equal(test.images, PICTURES)
    assert test.labels.tolist() == (np.arange(30) % 3).tolist()
    assert test.used == "all of it, as it has no test part"


def test_the_last_fifth_of_the_training_dataset_is_used(tmp_path):
    path = arrays(tmp_path / "own.npz")
    test = load_test_set(network(dataset=path))
    np.testing.assert_array_equal(test.images, PICTURES[24:])
    assert test.used == "the last fifth of every class"


def test_another_share_is_used_where_training_said_so(tmp_path):
    path = arrays(tmp_path / "own.npz")
    test = load_test_set(network(dataset=path, data={"test": "50%"}))
    assert len(test.images) == 15


def test_the_conversion_is_the_networks_own(tmp_path):
    light = network(Picture((4, 4), invert=True))
    test = load_test_set(light, arrays(tmp_path / "new.npz"))
    np.testing.assert_array_equal(test.images, 255 - PICTURES)
    test = load_test_set(light, arrays(tmp_path / "new.npz"), Options(invert=False))
    np.testing.assert_array_equal(test.images, PICTURES)


def table(path, rows, header="a,b,class"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return str(path)


def test_a_new_table_is_scaled_by_the_networks_scale(tmp_path):
    net = network(Row(columns=("a", "b"), low=(0.0, -1.0), high=(10.0, 1.0)), (2,))
    path = table(tmp_path / "new.csv", [(0.5, 2, "cat"), (0, 4, "dog"), (1, 5, "owl")] * 2,
                 "b,a,class")
    test = load_test_set(net, path)
    assert test.images[:3].tolist() == [[51, 191], [102, 128], [128, 255]]


def test_a_table_without_a_column_of_the_network_is_refused(tmp_path):
    net = network(Row(columns=("a", "c"), low=(0.0,), high=(10.0,)), (2,))
    path = table(tmp_path / "new.csv", [(1.5, 2, "cat"), (0, 4, "dog"), (1, 5, "owl")] * 2)
    with pytest.raises(ValueError, match=r"^.*new\.csv must have the columns of the training: it "
                                         r"lacks 'c'$"):
        load_test_set(net, path)


def test_a_network_without_stored_scale_has_the_one_of_its_provenance(tmp_path):
    net = network(Row(), (2,), scaled={"a": {"low": 0, "high": 10}, "b": {"low": -1, "high": 1}})
    networks.save(tmp_path / "old.net.npz", net)
    read = networks.load(tmp_path / "old.net.npz")
    assert (read.identity, read.conversion) == (net.identity, Row(
        scaled=(("a", 0.0, 10.0), ("b", -1.0, 1.0))))
    path = table(tmp_path / "new.csv", [(2, 0.5, "cat"), (4, 0, "dog"), (5, 1, "owl")] * 2)
    assert load_test_set(read, path).images[:3].tolist() == [[51, 191], [102, 128], [128, 255]]


@pytest.mark.parametrize(("shape", "options", "conversion"), [
    ((16,), Options(size=(4, 4)), Picture((4, 4))),
    ((16,), Options(fit="drawing"), Picture((4, 4), fit="drawing", invert=None)),
    ((16,), Options(fit="as-is"), Row()),
    ((4, 4), Options(fit="photo", invert=True), Picture((4, 4), fit="photo", invert=True))])
def test_what_the_user_says_overrides_the_conversion(shape, options, conversion):
    assert overridden(network(shape=shape).conversion, options, shape) == conversion


def test_rows_of_another_range_become_pictures_of_this_range():
    fractions = Row(low=(0.0,), high=(1.0,))
    assert overridden(fractions, Options(invert=True), (16,)) == Picture(
        (4, 4), invert=True, depth=0, high=1.0)
    columns = Row(low=(0.0,) * 16, high=tuple(range(1, 17)))
    with pytest.raises(ValueError, match=r"^Range of pictures must be given: the network scales "
                                         r"each of its numbers by another range \(--range "
                                         r"LOW,HIGH\)$"):
        overridden(columns, Options(invert=True), (16,))
    assert overridden(columns, Options(invert=True, range=(0.0, 9.0)), (16,)) == Picture(
        (4, 4), invert=True, depth=0, high=9.0)


def test_another_size_than_the_networks_is_refused():
    with pytest.raises(ValueError, match=r"^Size must be the network's 4x4: 5x5$"):
        overridden(Picture((4, 4)), Options(size=(5, 5)), (4, 4))


def test_pictures_of_another_shape_are_refused_for_a_network_of_rows(tmp_path):
    with pytest.raises(ValueError, match=r"^Dataset '.*new\.npz' does not fit the network: Rows "
                                         r"must have 5 numbers, the inputs of the network: 16 "
                                         r"\(choose another with --dataset\)$"):
        load_test_set(network(shape=(5,)), arrays(tmp_path / "new.npz"))
