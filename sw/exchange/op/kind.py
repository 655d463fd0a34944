"""Base of all operators, and their registry by domain and name."""

import pkgutil
from functools import cache
from importlib import import_module
from math import prod

import numpy as np

from ..graph import QUANTIZED
from ..tensor import ELEMENTS, short


OPS = {}  # instances by (domain, name); :func:`of` fills and reads it


class Op:
    """An operator that is understood.

    A tensor is *live* if it depends on the image. The first extent of a live tensor counts images.

    Attributes
    ----------
    role : str
        What a node becomes, for people.
    is_ending : bool
        Whether a node may stand behind the scores.
    """

    role = "folded"
    is_ending = False

    def compute(self, node, values, live):
        """Return the outputs of a node for arrays, a list.

        Parameters
        ----------
        node : sw.exchange.graph.Node
            The node.
        values : list of ndarray or None
            Its inputs; None for an input that is left out.
        live : bool
            Whether the first input is live: its first extent counts images.
        """
        raise NotImplementedError

    def trace(self, node, values, walk):
        """Return what a node makes of a signal, a list of signals or arrays, one an output.

        Parameters
        ----------
        node : sw.exchange.graph.Node
            The node.
        values : list
            Its inputs: arrays for constants, None, and at least one
            :class:`sw.exchange.signal.Signal`.
        walk : sw.exchange.walk.Walk
            The walk along the graph, which has the layers made so far.
        """
        raise ValueError(f"{node} must have constant inputs only: an image reaches it")


def register(*names, domain=""):
    """Return a decorator that registers a class of operators under names."""
    def decorate(cls):
        for name in names:
            OPS[domain, name] = cls()
        return cls
    return decorate


def of(node):
    """Return the operator of a node; raise ValueError if it is not understood."""
    _discover()
    try:
        return OPS[node.domain, node.op]
    except KeyError:
        known = ", ".join(sorted({name for _, name in OPS}))
        where = {"": "", QUANTIZED: " of QONNX"}.get(node.domain, f" of domain {node.domain!r}")
        raise ValueError(f"{node}{where} must be an operator that fits a layer: none does (known: "
                         f"{known})") from None


@cache
def _discover():
    package = import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{__package__}.{module.name}")


def check_size(node, *shapes):
    """Check that shapes extend to one of a bounded size, before memory is allocated."""
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"{node} must have inputs whose shapes extend to each other: "
                         f"{short(', '.join(map(str, shapes)))}") from None
    if prod(shape) > ELEMENTS:
        raise ValueError(f"{node} must give at most {ELEMENTS:,} numbers: {prod(shape):,}")


def constant(node, values, place, what):
    """Return an input that must be a constant array.

    Raises
    ------
    ValueError
        If it is missing or depends on the image.
    """
    value = values[place] if place < len(values) else None
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{node} must have a constant {what}: "
                         f"{'it is missing' if value is None else 'it depends on the image'}")
    return value


def integers(node, value, what, most=16):
    """Return a constant array as a tuple of int."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim > 1 or array.size > most:
        raise ValueError(f"{node} must have integers as {what}: {array.dtype} of shape "
                         f"{array.shape}")
    return tuple(array.ravel().tolist())
