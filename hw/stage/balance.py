"""Lanes of a convolution that keep to an interval: neurons, inputs and positions at once."""

from math import ceil

from .windowwalk import walk_of


__all__ = ["MOST_POSITIONS", "lanes_for", "row_lanes_for", "window_widths"]

WIDEST = 128  # inputs at once: wider trees of adders save little and read more block RAMs
MOST_POSITIONS = 32  # the order of results selects among so many


def window_widths(layer):
    """Return the useful ``simd`` of a layer of windows, a list of int from small to large.

    A word is then a part of a position that divides it, a position, or some positions of a row of
    the kernel, up to a whole row. Other widths make the sliding-window unit read narrow words.
    """
    columns, channels = layer.kernel[1], layer.channels
    parts = [channels // part for part in range(channels, 0, -1) if channels % part == 0]
    return [*parts, *(channels * count for count in range(2, columns + 1) if columns % count == 0)]


def lanes_for(layer, interval, most=MOST_POSITIONS):
    """Return the lanes that compute a layer of windows within an interval.

    More positions at once need fewer weights a cycle. More inputs at once need fewer totals for the
    same lanes. Only choices remain that no other one beats in both lanes and weights a cycle and
    equals in the inputs at once.

    Parameters
    ----------
    layer : :class:`sw.layer.window.Windowed`
        The layer, with ``dense``.
    interval : int
        Most cycles of an image.
    most : int
        Most positions at once: 1 for a layer of integers.

    Returns
    -------
    list of (int, int, int)
        ``pe``, ``simd`` and ``positions`` of each choice. With one position an MVTU is meant, with
        more a :class:`hw.stage.sharedmvtu.SharedMVTU`.
    """
    found = []
    for simd in window_widths(layer):
        if simd > WIDEST or layer.vectors * walk_of(layer, simd)[0].reads > interval:
            continue
        found += _unbeaten(_for_simd(layer, simd, interval, most))
    return found


def row_lanes_for(layer, interval):
    """Return the lanes that compute the windows of a row at once within an interval.

    The arguments and the result are those of :func:`lanes_for`, for a
    :class:`hw.stage.rowmvtu.RowMVTU`.
    """
    (rows, positions), found = layer.positions, []
    neurons, inputs = layer.dense.weights.shape
    if layer.stride != 1:
        return []
    for channels in range(1, layer.channels + 1):
        simd = channels * layer.kernel[1]
        if layer.channels % channels or simd > WIDEST or layer.inputs // channels > interval:
            continue
        steps = inputs // simd
        passes = interval // rows // steps
        if passes:
            pe = ceil(neurons / passes)
            if positions <= min(steps, ceil(neurons / pe)):
                found.append((pe, simd, positions))
    return found


def _for_simd(layer, simd, interval, most):
    """Yield the choices of one ``simd`` with the fewest neurons at once."""
    neurons, inputs = layer.dense.weights.shape
    steps = ceil(inputs / simd)
    for positions in range(1, min(layer.vectors, steps, most) + 1):
        passes = interval // ceil(layer.vectors / positions) // steps
        if passes < 1:
            continue
        pe = ceil(neurons / passes)
        if positions <= ceil(neurons / pe):
            yield pe, simd, positions


def _unbeaten(choices):
    """Return the choices that no other one beats in lanes and in weights a cycle."""
    kept = []
    for pe, simd, positions in sorted(choices, key=lambda one: (one[0] * one[2], one[0])):
        if not kept or pe < kept[-1][0]:
            kept.append((pe, simd, positions))
    return kept
