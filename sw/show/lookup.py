"""Look-up layers in tables and pictures: truth tables, and the inputs that matter to them."""

import numpy as np

from ..layer.lookup import Lookup
from .show import SHOWN, Row, Show


class ShowLookup(Show):
    """Neurons with a truth table."""

    unit = "neuron"
    shade = "influences of the inputs"

    def row(self, layer):
        return Row(layer.fan_in, int((layer.fan_in == 0).sum()), layer.tables.size)

    def detail(self, layer, inputs, index):
        bits = inputs[layer.wires[index]].astype(np.int64)
        row = int((bits << np.arange(len(bits))).sum())
        read = " ".join(f"{wire}={bit}" for wire, bit in zip(layer.wires[index], bits, strict=True))
        return f" (inputs {read}: row {row} of its table)"

    def tiles(self, layer):
        # The shade of an input is its influence: +1 where the neuron repeats the input, -1 where it
        # inverts the input, 0 where the input changes the neuron up as often as down.
        shades = np.zeros((layer.outputs, layer.inputs), np.float32)
        for neuron, function in enumerate(layer.functions):
            for place, number in enumerate(function.inputs):
                high, low = function.fixed(place, 1), function.fixed(place, 0)
                ones = high.table.bit_count() - low.table.bit_count()
                shades[neuron, number] = ones / high.rows
        return shades

    def tables(self, layer):
        return layer.tables

    def reads(self, layer):
        numbers = [number for function in layer.functions for number in function.inputs]
        return np.bincount(np.array(numbers, np.int64), minlength=layer.inputs)


SHOWN.register(Lookup)(ShowLookup())
