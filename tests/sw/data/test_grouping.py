import re

import numpy as np
import pytest

from sw.answer.truth import Truth
from sw.data import datasets
from sw.data.grouping import Groups
from sw.data.options import Options


X = np.arange(48, dtype=np.uint8).reshape(12, 4)


def load(folder, labels, test=None, **options):
    more = {} if test is None else {"x_test": X, "y_test": np.array(test)}
    np.savez(folder / "set.npz", x_train=X, y_train=np.array(labels), **more)
    return datasets.load(folder / "set.npz", Options(**options))


def test_several_classes_become_one_and_others_keep_their_names(tmp_path):
    data = load(tmp_path, ["cat", "dog", "ox", "elm"] * 3, group=("cat=pet", "dog=pet"))
    assert data.labels == ("elm", "ox", "pet")
    assert np.bincount(data.train_labels).tolist() == [2, 2, 5]


def test_numbers_are_grouped_by_their_names_and_all_others_by_a_star(tmp_path):
    data = load(tmp_path, [0, 1, 2, 3] * 3, [3, 2, 1, 0] * 3, group=("0=none", "*=some"))
    assert data.labels == ("none", "some")
    assert data.test_labels.tolist() == [1, 1, 1, 0] * 3


def test_classes_of_the_test_part_alone_may_join_others(tmp_path):
    data = load(tmp_path, ["a", "b"] * 6, ["a", "c"] * 6, group=("a=a", "*=b"))
    assert data.test_labels.tolist() == [0, 1] * 6


def test_names_may_have_equal_signs():
    groups = Groups(["<=50K.=<=50K", ">50K.=>50K"], {"<=50K.", "<=50K", ">50K."})
    assert [groups.of(name) for name in ("<=50K.", "<=50K", ">50K.")] == ["<=50K", "<=50K", ">50K"]


@pytest.mark.parametrize(("options", "message"), [
    ({"group": ("a",)}, "--group must be THEIRS=OURS, or *=OURS for all others: 'a'"),
    ({"group": ("a=",)}, "--group must be THEIRS=OURS, or *=OURS for all others: 'a='"),
    ({"group": ("a=x", "a=y")}, "--group must name each class once: 'a' is 'y' and 'x'"),
    ({"group": ("c=x",)}, "--group must name classes of {path}: it has no 'c' (a, b)"),
    ({"group": ("*=x",)}, "{path} must have at least 2 classes: all examples are of 'x'"),
    ({"group": ("a=x",), "classes": "names.txt"}, "--group must be given without --classes (write "
     "the names in --group)"),
])
def test_groups_that_make_no_sense_are_refused(tmp_path, options, message):
    wanted = re.escape(message.format(path=tmp_path / "set.npz"))
    with pytest.raises(ValueError, match=f"^{wanted}$"):
        load(tmp_path, ["a", "b"] * 6, **options)


def test_classes_of_files_are_grouped_before_they_are_counted():
    truth = Truth(("attack", "normal"), Options(group=("normal=normal", "*=attack")))
    assert truth.of(["normal", "smurf", None]).tolist() == [1, 0, -1]
