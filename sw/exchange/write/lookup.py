"""Writes look-up layers: bits of a table's inputs form a number, which chooses from the tables."""

import numpy as np
from onnx import TensorProto

from ...layer.lookup import Lookup
from .sheet import WRITERS


@WRITERS.register(Lookup)
def write_lookup(layer, sheet):
    sheet.as_vector()
    wires = layer.wires.shape[1]
    first = np.arange(layer.outputs) * 2**wires
    # Bits of -1 and +1 times half the powers of two are the number, less half of the greatest.
    sheet.node("Gather", sheet.constant(layer.wires.astype(np.int64), "wires"), axis=1)
    sheet.node("MatMul", sheet.constant(np.float32(2.0)**np.arange(-1, wires - 1)[:, None]
                                        .astype(np.float32), "powers"))
    sheet.node("Reshape", sheet.constant(np.array([0, -1]), "flat"))
    sheet.node("Add", sheet.constant((first + (2**wires - 1) / 2).astype(np.float32), "first"))
    sheet.exactly(layer, int(first[-1]) + 2**wires)
    sheet.node("Cast", to=TensorProto.INT64)
    # The tables are the constant, the numbers choose from them.
    tables = sheet.constant((2 * layer.tables.ravel().astype(np.float32) - 1), "tables")
    sheet.tensor = sheet.aside("Gather", tables, sheet.tensor, axis=0)
