"""sw.answer.answers, sw.answer.table: ranks, margins, and tables that fit their terminal."""

import numpy as np

from sw.answer.answers import Answers
from sw.answer.table import lines


def answers(scores, labels=None, classes=None, names=None):
    scores = np.array(scores, np.int32)
    labels = scores.argmax(axis=1) if labels is None else np.array(labels)
    classes = classes or tuple(f"c{place}" for place in range(scores.shape[1]))
    return Answers(classes, names or [f"f{row}" for row in range(len(scores))], labels, scores,
                   np.full(len(scores), -1))


def test_margins_are_those_to_the_best_other_class():
    found = answers([[5, 7, 7], [3, -2, 1], [4, 9, 0]], labels=[1, 0, 2])
    assert found.margins().tolist() == [0, 2, -9]


def test_ranks_begin_with_the_label_and_keep_the_order_of_equal_scores():
    found = answers([[5, 7, 7, 5], [3, 9, 1, 0]], labels=[1, 0])
    assert found.ranks(4).tolist() == [[1, 2, 0, 3], [0, 1, 2, 3]]
    assert found.ranks(2).tolist() == [[1, 2], [0, 1]]


def test_a_table_that_is_too_wide_shows_the_best_classes():
    found = answers([[5, 70, 7, 1], [3, -2, 1, 0]])
    assert list(lines(found, width=35)) == [
        "file  label  margin  c0  c1  c2  c3", "f0    c1         63   5  70   7   1",
        "f1    c0          2   3  -2   1   0"]
    assert list(lines(found, width=34)) == [
        "file  label  margin  best classes and scores", "f0    c1         63  c1 70, c2 7, c0 5",
        "f1    c0          2  c0 3, c2 1, c3 0"]


def test_more_than_ten_classes_show_the_best_three():
    _, row = lines(answers([list(range(11))]))
    assert row == "f0    c10         1  c10 10, c9 9, c8 8"


def test_wide_letters_keep_columns_in_line():
    found = answers([[5, 70], [9, 0]], classes=("猫", "dog"), names=["ä.png", "犬.png"])
    assert list(lines(found)) == ["file    label  margin  猫  dog",
                                  "ä.png   dog        65   5   70",
                                  "犬.png  猫          9   9    0"]


def test_letters_that_move_the_cursor_are_not_printed():
    assert "\x1b" not in "".join(lines(answers([[5, 70]], names=["\x1b[2Jevil.png"])))
