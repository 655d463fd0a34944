"""Look-up layer: each neuron is a truth table of a few inputs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .check import INPUTS_LIMIT, frozen
from .function import Function
from .kind import Array, Layer, kind
from .shape import Shape


WIRES_LIMIT = 6  # most inputs of a table


@kind
@dataclass(frozen=True, eq=False)
class Lookup(Layer):
    """Layer of look-up neurons: neuron ``n`` is ``tables[n]`` at the bits of its inputs.

    A table may read an input twice, and its value need not depend on every input.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    wires : ndarray of int32, shape (neurons, k)
        Inputs of the layer that a table reads; k is 1 to 6. Read-only.
    tables : ndarray of uint8, shape (neurons, 2**k)
        Bit ``tables[n, row]`` is the neuron's value where its inputs, ``wires[n, 0]`` lowest, form
        the number ``row``. Read-only.
    width : int
        Number of inputs of the layer.
    """

    kind = "lookup"
    arrays = (
        Array("wires", "int32", ("neuron", "wire"),
              "inputs that a table reads, in `0..width - 1`; 1 to 6 wires, at most 65,536 neurons"),
        Array("tables", "uint8", ("neuron", "row"),
              "value where the inputs, wire 0 lowest, form the number of the row; `2**wires` rows",
              0, 1),
        Array("width", "int32", (), "number of inputs of the layer", 1, INPUTS_LIMIT),
    )

    name: str
    wires: np.ndarray
    tables: np.ndarray
    width: int

    def check(self):
        wires, rows = self.wires.shape[1], self.tables.shape[1]
        if wires > WIRES_LIMIT:
            raise ValueError(f"Tables of layer {self.name!r} must have 1 to {WIRES_LIMIT} inputs: "
                             f"{wires} (make a tree of smaller tables)")
        if rows != 2**wires:
            raise ValueError(f"Tables of layer {self.name!r} must have {2**wires} rows for "
                             f"{wires} inputs: {rows}")
        wrong = (self.wires < 0) | (self.wires >= self.width)
        if wrong.any():
            neuron, wire = np.argwhere(wrong)[0]
            raise ValueError(f"Wires of layer {self.name!r} must be in 0..{self.width - 1}: neuron "
                             f"{neuron} has {self.wires[neuron, wire]}")

    @property
    def takes(self):
        return Shape((self.width,))

    @cached_property
    def gives(self):
        return Shape((len(self.wires),))

    @property
    def parts(self):
        return {"tables": self.outputs}

    @cached_property
    def functions(self):
        """The least :class:`sw.layer.function.Function` of each neuron, a tuple."""
        tables = np.packbits(self.tables, axis=1, bitorder="little")
        return tuple(Function(tuple(map(int, wires)),
                              int.from_bytes(octets.tobytes(), "little")).least()
                     for wires, octets in zip(self.wires, tables, strict=True))

    @cached_property
    def fan_in(self):
        """Inputs on which each neuron depends, ndarray of int32, shape (neurons,). Read-only."""
        counts = [len(function.inputs) for function in self.functions]
        return frozen(np.array(counts, np.int32))

    @classmethod
    def of_functions(cls, name, functions, width):
        """Return a layer of least functions, with as many wires as the widest of them needs.

        A function of fewer inputs reads its first one again, a constant function input 0.
        """
        count = max(1, *(len(function.inputs) for function in functions))
        wires = np.zeros((len(functions), count), np.int32)
        tables = np.zeros((len(functions), 2**count), np.uint8)
        for neuron, function in enumerate(functions):
            if function.inputs:
                wires[neuron] = function.inputs[0]
                wires[neuron, :len(function.inputs)] = function.inputs
            own = [function.value_at(row) for row in range(function.rows)]
            tables[neuron] = np.tile(own, 2**count // function.rows)
        layer = cls(name, wires, tables, width)
        layer.__dict__["functions"] = tuple(functions)  # the same as the property would find
        return layer
