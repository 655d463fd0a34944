"""Results of functions of a layer or network, kept as long as that layer or network lives."""

from functools import wraps
from weakref import WeakKeyDictionary


__all__ = ["memo"]


def memo(function):
    """Keep the results of a function of a layer or network.

    The first argument is told by identity, because layers and networks compare so. Results are
    dropped with it, so they must not refer to it. All other arguments are told by value and are
    kept as long as the first one: they must not be layers or networks. All are positional.
    """
    kept = WeakKeyDictionary()

    @wraps(function)
    def remember(subject, *others):
        results = kept.setdefault(subject, {})
        if others not in results:
            results[others] = function(subject, *others)
        return results[others]

    return remember
