"""Memo of functions of a layer or network: results are kept as long as that object lives."""

from functools import wraps
from weakref import WeakKeyDictionary


__all__ = ["memo"]


def memo(function):
    """Keep the results of a function of a layer or network.

    Two first arguments are the same if they are the same object, because layers and networks
    compare by identity. The results of a first argument are dropped with it, so they must not
    refer to it. Other arguments are compared by value. They are kept as long as the first one, so
    they must not be layers or networks. All arguments are positional.
    """
    kept = WeakKeyDictionary()

    @wraps(function)
    def remember(subject, *others):
        results = kept.setdefault(subject, {})
        if others not in results:
            results[others] = function(subject, *others)
        return results[others]

    return remember
