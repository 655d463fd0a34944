import numpy as np
import pytest
from PIL import Image

from train import pictures


MATRIX = np.array([[5, 0, 2], [1, 6, 0], [0, 4, 3]])


def images():
    """Return classes, labels given, and a picture of each whose value is its place."""
    cells = [(row, column) for (row, column), count in np.ndenumerate(MATRIX) for _ in range(count)]
    classes, given = np.array(cells).T
    made = np.zeros((len(cells), 4, 4, 3), np.uint8) + np.arange(len(cells), dtype=np.uint8)[
        :, None, None, None]
    return made, classes, given


def test_examples_are_of_the_commonest_confusions():
    made, classes, given = images()
    found = pictures.confused(MATRIX, made, classes, given)
    assert [(row, column) for row, column, _ in found] == [(2, 1), (0, 2), (1, 0)]
    for row, column, picture in found:
        place = picture[0, 0, 0]
        assert (classes[place], given[place]) == (row, column)
        assert not ((classes == row) & (given == column))[:place].any()


def test_a_perfect_network_has_no_examples():
    made, _, _ = images()
    classes = np.repeat(np.arange(3), 7)
    assert pictures.confused(np.diag([7, 7, 7]), made, classes, classes) == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_examples_stand_beside_the_matrix(tmp_path, count):
    made, classes, given = images()
    examples = pictures.confused(MATRIX, made, classes, given)[:count]
    labels = ("a", "b", "c")
    pictures.confusion(tmp_path / "plain.png", MATRIX, labels, "title")
    pictures.confusion(tmp_path / "x.png", MATRIX, labels, "title", examples)
    with Image.open(tmp_path / "plain.png") as plain, Image.open(tmp_path / "x.png") as drawn:
        assert drawn.height == plain.height
        assert (drawn.width > plain.width) == bool(count)
