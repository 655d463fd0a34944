"""First layers of integers in C: sums of pixels, from index lists or from products."""

import numpy as np

from ...layer.integer import IntegerConv2d, IntegerDense
from ..lists import LIST_LIMIT, lists
from ..part import CODE, SMALL, Code, Part, Table, index_type
from ..windows import at_each, geometry


SIDE = 32  # neurons of a group of products, as in the kernel
LIST_COST = 4  # time for a synapse of a list, as a multiple of that for a product


class IntegerDenseCode(Code):
    """Sums of the pixels that neurons look at."""

    def image(self, layer, options):
        return sums(layer.name, layer.rows, layer.thresholds, layer.input_bits, options)


class IntegerConv2dCode(Code):
    """Sums of pixels, at every position."""

    def image(self, layer, options):
        wide = layer.input_bits > 8
        part = sums(layer.name, layer.rows, layer.thresholds, layer.input_bits, options)
        shape = geometry(layer, layer.name, layer.channels, "sizeof(pixel)")
        low, high = layer.pad_value % 256, layer.pad_value // 256
        window = "(pixel *)(void *)memory->window"
        if wide and layer.padding and low != high:
            call = at_each(layer, shape, part.call, window, layer.pad_value)
            call = call.replace("view(", "view_wide(", 1)
            kernels = ("geometry", "view_wide")
        else:
            call = at_each(layer, shape, part.call, window, low)
            kernels = ("geometry", "view")
        return Part(call, (*kernels, *part.kernels), (shape, *part.tables), "", part.words,
                    layer.rows.shape[1] * (2 if wide else 1), part.spare)


def sums(name, weights, thresholds, input_bits, options):
    """Return the part that compares sums with thresholds.

    Parameters
    ----------
    name : str
        Name of the layer.
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0 and +1.
    thresholds : ndarray of int32, shape (neurons,)
        Least sum with which a neuron fires.
    input_bits : int
        Width of a pixel.
    options : sw.c.part.Options
        Decides between lists and products.
    """
    neurons, inputs = weights.shape
    fan_in = np.count_nonzero(weights, axis=1)
    small = 2 * fan_in.sum() + 4 * neurons < weights.size
    fast = LIST_COST * fan_in.mean() < inputs
    if fan_in.max() <= LIST_LIMIT and (small if options.prefer == SMALL else fast):
        index, value = index_type(inputs), "uint8" if input_bits <= 8 else "uint16"
        tables = lists(name, weights, index, Table(f"table_{name}_least", "limit", thresholds))
        arguments = ", ".join(table.name for table in tables)
        return Part(f"fire_list_{index}_{value}({{x}}, {arguments}, {neurons}, {{y}});",
                    (f"sum {index} {value}", f"fire_list {index} {value}"), tables)
    side = 1 if options.group == 1 else SIDE
    groups = -(-neurons // side)
    padded = np.zeros((groups * side, inputs), np.int8)
    padded[:neurons] = weights
    least = np.ones(groups * side, np.int64)  # no sum of no weights reaches 1
    least[:neurons] = thresholds
    tables = (Table(f"table_{name}_weights", "int8_t",
                    padded.reshape(groups, side, inputs).transpose(0, 2, 1)),
              Table(f"table_{name}_least", "limit", least))
    return Part(f"multiply({{x}}, {inputs}, {tables[0].name}, {tables[1].name}, {neurons}, {{y}});",
                ("multiply",), tables, spare=groups * side - neurons)


CODE.register(IntegerDense)(IntegerDenseCode())
CODE.register(IntegerConv2d)(IntegerConv2dCode())
