"""Integers, and an order of the classes, by which a network chooses what a graph chooses."""

import numpy as np


CLOSE = 1e-4   # relative: gains of classes that float32 rounded differ by less
DIGITS = 5     # of the fraction of a bias, in steps of a sum


def order(signal, places):
    """Return integers to add to the sums of classes, and the order of the classes.

    The graph's scores are evaluated at every possible sum of every class, so that the choice is
    proved and not derived. The classes keep their order where integers alone give the graph's
    scores. Otherwise a bias loses its fraction, and classes of a greater fraction come first,
    because the first class wins a tie.

    Parameters
    ----------
    signal : sw.exchange.signal.Signal
        The scores.
    places : ndarray of int, shape (classes,)
        Place of each unit's score among the graph's scores, the first of which wins a tie.

    Returns
    -------
    ndarray of int64, shape (classes,)
        The bias of each unit.
    ndarray of int64, shape (classes,)
        Place among the graph's scores of each class of the network.

    Raises
    ------
    ValueError
        If no integers give the same choices.
    """
    sums = signal.root
    units = np.arange(sums.units)
    values, counts = signal.table(units), sums.counts
    points = sums.low[:, None] + sums.unit_step * np.arange(values.shape[1])
    possible = np.arange(values.shape[1]) < counts[:, None]
    if not np.isfinite(values[possible]).all():
        raise ValueError("the scores must be numbers: some are NaN or infinite")
    last = counts - 1
    reach = (values[units, last].astype(np.float64) - values[units, 0])
    spans = (sums.unit_step * last).astype(np.float64)
    wide = int(np.argmax(spans))
    gain = reach[wide] / spans[wide] if spans[wide] else 1.0
    if not gain > 0:
        raise ValueError(f"the scores must rise with the sums: they fall by {-gain:g} a unit")
    middle = last // 2
    level = values[units, middle] / gain - points[units, middle]
    # A tail that changes nothing keeps its biases; any other one keeps their differences.
    level -= 0 if gain == 1 and (level == np.rint(level)).all() else level.min()
    if np.abs(level).max() > 2**24:
        raise ValueError(f"the biases of the scores must be within 2**24: {level.max():g}")
    bias = np.rint(level).astype(np.int64)
    if _is_same((points + bias[:, None])[possible], values[possible]):
        return bias, np.arange(len(units))
    whole = np.round((sums.low + level) / sums.unit_step, DIGITS)
    fraction = np.round(whole - np.floor(whole), DIGITS)
    bias = sums.unit_step * np.floor(whole).astype(np.int64) - sums.low
    ranked = np.lexsort((places, -fraction))  # units, in the network's order
    rank = np.argsort(ranked)
    keys = points + (bias - bias.min())[:, None]
    ours = np.lexsort((-_spread(rank, keys)[possible], keys[possible]))
    graphs = np.lexsort((-_spread(places, keys)[possible], values[possible]))
    if not np.array_equal(ours, graphs):
        _check_gains(gain, reach, spans)
        raise ValueError("the scores must differ by more than float32 rounds: no integers give "
                         "the order of the classes (round the biases of the last layer)")
    return bias - bias.min(), places[ranked]


def _check_gains(gain, reach, spans):
    """Raise ValueError where the reason is that classes have gains of their own."""
    if (np.abs(reach - gain * spans) > CLOSE * gain * spans).any():
        gains = ", ".join(f"{each:g}" for each in (reach / np.maximum(spans, 1))[:4])
        raise ValueError(f"the classes must have one gain, for integers to give their order: they "
                         f"have {gains}{', …' if len(reach) > 4 else ''} (leave out "
                         f"BatchNormalization and scales of classes behind the last weights)")


def _spread(numbers, like):
    return np.broadcast_to(numbers[:, None], like.shape)


def _is_same(keys, scores):
    """Return whether integers have the order of scores, equal where these are."""
    ranked = np.lexsort((scores, keys))
    keys, scores = keys[ranked], scores[ranked]
    same = keys[1:] == keys[:-1]
    return not ((same & (scores[1:] != scores[:-1])).any()
                or (~same & (scores[1:] <= scores[:-1])).any())
