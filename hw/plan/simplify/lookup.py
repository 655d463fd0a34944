"""Simplification of look-up layers, whose tables absorb constant, equal and opposite inputs."""

import numpy as np

from sw.layer.function import Function
from sw.layer.lookup import Lookup

from .reduction import REDUCE, VARIES, Known, Reduction, first_seen


class ReduceLookup(Reduction):
    """Neurons with a truth table."""

    cuts = True
    built = True

    def known(self, layer):
        value = np.array([VARIES if function.value is None else function.value
                          for function in layer.functions], np.int8)
        # A function and its opposite get the same key: the one that is 0 in row 0.
        first = np.array([function.value_at(0) for function in layer.functions])
        sign = np.where(first == 1, -1, 1)
        twin = first_seen([function.inverted() if inverted else function
                           for function, inverted in zip(layer.functions, first, strict=True)])
        return Known(value, twin, (sign * sign[twin]).astype(np.int8))

    def absorb(self, layer, known):
        equal = {}
        for bit, value in enumerate(known.value):
            if value != VARIES:
                equal[bit] = (None, int(value))
            elif known.twin[bit] != bit:
                equal[bit] = (int(known.twin[bit]), int(known.sign[bit] < 0))
        functions = [function.substituted(equal) for function in layer.functions]
        return Lookup.of_functions(layer.name, functions, layer.width)

    def looks_at(self, layer, seen):
        read = np.zeros(layer.inputs, bool)
        for neuron in np.flatnonzero(seen):
            read[list(layer.functions[neuron].inputs)] = True
        return read

    def columns(self, layer, used):
        place = {int(number): index for index, number in enumerate(used)}
        functions = [Function(tuple(place[number] for number in function.inputs), function.table)
                     for function in layer.functions]
        return Lookup.of_functions(layer.name, functions, len(used))

    def rows(self, layer, used):
        functions = [layer.functions[neuron] for neuron in used]
        return Lookup.of_functions(layer.name, functions, layer.width)


REDUCE.register(Lookup)(ReduceLookup())
