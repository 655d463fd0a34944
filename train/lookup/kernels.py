"""The C++ kernels of look-up networks; without a compiler their reference in PyTorch."""

import sys
from ctypes import c_float, c_int, c_void_p
from functools import cache
from pathlib import Path

import torch

from . import compiler
from .reference import Reference


SOURCES = Path(__file__).with_name("cpp")


@cache
def best():
    """Return the kernels, or the reference with a note on stderr if they cannot be compiled."""
    try:
        return Kernels()
    except (ValueError, OSError) as error:
        print(f"note: look-up networks are trained without C++, some hundred times slower: {error}",
              file=sys.stderr, flush=True)
        return Reference()


class Kernels:
    """C++ with the interface of :class:`Reference`, which documents it."""

    def __init__(self):
        self._library = compiler.library(SOURCES)

    def look_up(self, x, candidates, chances, tables):
        neurons, wires, count = candidates.shape
        x, chances, tables = x.contiguous(), chances.contiguous(), tables.contiguous()
        outputs = torch.empty((neurons, x.shape[1]))
        self._library.thresher_look_up(
            wires, _at(x), x.shape[1], _at(candidates), _at(chances), count, _at(tables), neurons,
            _at(outputs))
        return outputs

    def gradients(self, x, candidates, chances, tables, gradient, *, inputs):
        neurons, wires, count = candidates.shape
        x, gradient = x.contiguous(), gradient.contiguous()
        of_tables, of_chances = torch.empty_like(tables), torch.empty_like(chances)
        of_inputs = torch.zeros_like(x) if inputs else None
        self._library.thresher_gradients(
            wires, _at(x), x.shape[1], _at(candidates), _at(chances), count, _at(tables), neurons,
            _at(gradient), _at(of_tables), _at(of_chances),
            _at(of_inputs) if inputs else c_void_p(None))
        return of_tables, of_chances, of_inputs

    def evaluate(self, rows, wires, tables):
        outputs = torch.empty((len(wires), rows.shape[1]), dtype=torch.int64)
        self._library.thresher_evaluate(wires.shape[1], _at(rows), rows.shape[1], _at(wires),
                                        _at(tables), len(wires), _at(outputs))
        return outputs

    def descend(self, net, layer, order, candidates, *, probed, preferred, table_bound, wire_bound):
        depth = len(net.wires)
        changes = torch.zeros(2, dtype=torch.int32)
        self._library.thresher_descend(
            _at(net.rows[0]), net.rows[0].shape[1], depth,
            (c_int * depth)(*(wires.shape[1] for wires in net.wires)),
            (c_int * depth)(*map(len, net.wires)), _all(net.wires), _all(net.tables),
            _all(net.rows[1:]), len(net.members), _at(net.members), c_float(net.heat), layer,
            _at(order), len(order), _at(candidates), candidates.shape[2], probed,
            min(preferred, candidates.shape[2]), c_float(table_bound), c_float(wire_bound),
            _at(changes))
        return tuple(changes.tolist())


def _at(tensor):
    """Return the address of a contiguous tensor's elements."""
    if not tensor.is_contiguous():
        raise ValueError(f"Tensor must be contiguous: it has the strides {tensor.stride()}")
    return c_void_p(tensor.data_ptr())


def _all(tensors):
    return (c_void_p * len(tensors))(*(_at(tensor) for tensor in tensors))
