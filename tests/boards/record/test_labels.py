"""Tests of boards.record.labels: names lie beside their points, and none over another."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from boards.record.labels import MARKER, overlap, place


def drawn(points):
    """Return axes with points, and the boxes of the names that are written beside them."""
    figure = Figure(figsize=(7, 6))
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    named = [(x, y, f"network-{index}", "tab:red") for index, (x, y) in enumerate(points)]
    texts = place(axes, named)
    return axes, [text.get_window_extent().extents for text in texts]


def test_a_lonely_point_has_its_name_above():
    axes, (box,) = drawn([(5, 5)])
    x, y = axes.transData.transform((5, 5))
    assert box[1] > y + MARKER
    assert (box[0] + box[2]) / 2 == pytest.approx(x, abs=1)


@pytest.mark.parametrize("points", [
    [(5, 5), (5.2, 5.1), (5.1, 4.9), (5.3, 5.3), (4.8, 5)],  # a crowd
    [(0.1, 9.9), (9.9, 9.9), (9.9, 0.1), (0.1, 0.1)],        # corners
    np.random.default_rng(1).uniform(0, 10, (30, 2)).tolist()])
def test_no_name_covers_a_name_or_a_point_or_leaves_the_axes(points):
    axes, boxes = drawn(points)
    assert all(overlap(one, other) < 1 for one, other in combinations(boxes, 2))
    half = MARKER * axes.figure.dpi / 72 - 0.5
    for x, y in axes.transData.transform(points):
        assert all(overlap(box, (x - half, y - half, x + half, y + half)) < 1 for box in boxes)
    for left, bottom, right, top in boxes:
        assert overlap((left, bottom, right, top), axes.bbox.extents) == pytest.approx(
            (right - left) * (top - bottom), abs=1)


def test_a_legend_is_not_covered():
    figure = Figure(figsize=(4, 4))
    axes = figure.subplots()
    axes.plot([0.5], [0.5], "s", label="a long name of a family of networks")
    legend = axes.legend(loc="center")
    figure.draw_without_rendering()
    text, = place(axes, [(0.5, 0.5, "one", "k")], [legend])
    assert overlap(text.get_window_extent().extents, legend.get_window_extent().extents) < 1
