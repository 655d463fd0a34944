"""C code of the layers of an int8 network, plain or by CMSIS-NN."""

from dataclasses import dataclass
from math import prod

from ..int8.layer import Add, AveragePool, Convolution, FullyConnected, Input, MaxPool, Relu
from .part import Part, Table


CMSIS_SPARE = 64  # octets beside the window that CMSIS-NN may want
CODE = {}  # kind of layer to the function that gives its :class:`sw.c.part.Part`


@dataclass(frozen=True)
class Struct:
    """A constant structure in C.

    Attributes
    ----------
    name, ctype : str
        Identifier and type.
    members : tuple of str
        C expressions in order.
    """

    name: str
    ctype: str
    members: tuple

    @property
    def text(self):
        """The definition in C."""
        return (f"static const {self.ctype} {self.name} = {{\n    "
                f"{', '.join(map(str, self.members))}\n}};\n")


def code(kind):
    """Return a decorator that registers the function of a kind of layer."""
    def decorate(function):
        CODE[kind] = function
        return function
    return decorate


def part(layer, name, shapes, made):
    """Return the :class:`sw.c.part.Part` of a layer.

    Parameters
    ----------
    layer : sw.int8.layer.Layer
        The layer.
    name : str
        Its name in C.
    shapes : list of tuple
        Shapes of its inputs.
    made : tuple of int
        Shape of its output.
    """
    function = CODE.get(type(layer))
    if function is None:
        raise ValueError(f"Layer {layer.name!r} must be one that C has: {layer.kind}")
    return function(layer, name, shapes, made)


@code(Input)
def pixels(layer, name, shapes, made):
    return Part(f"center({{x}}, {prod(made)}, {{y}});", ("int8_pixels",))


def _neurons(layer, name):
    """Return the tables of a weighted layer and the structure of its factors."""
    tables = [Table(f"table_{name}_{what}", f"{dtype}_t", getattr(layer, what))
              for what, (dtype, _) in layer.arrays.items()]
    bias, multiplier, shift = (table.name for table in tables[1:])
    return (*tables, Struct(f"table_{name}_neurons", "neurons", (
        bias, multiplier, shift, -layer.input_zero, layer.zero, layer.low, layer.high)))


PRODUCTS = ("int8_cmsis", "int8_round", "int8_dot")


@code(FullyConnected)
def fully_connected(layer, name, shapes, made):
    tables = _neurons(layer, name)
    neurons, inputs = layer.weights.shape
    return Part(f"connect(&{tables[-1].name}, {tables[0].name}, {{x}}, {inputs}, {neurons}, "
                f"memory->window, {{y}});", (*PRODUCTS, "int8_connect"), tables, window=2 * inputs)


@code(Convolution)
def convolution(layer, name, shapes, made):
    sizes = _sizes(name, shapes[0], layer.weights.shape[1:3], made, layer, layer.dilation)
    tables = (*_neurons(layer, name), sizes)
    inputs = prod(layer.weights.shape[1:])
    size = 4 * (inputs + inputs % 4) + CMSIS_SPARE  # of CMSIS-NN: two windows of int16_t
    return Part(f"convolve(&{tables[-2].name}, &{sizes.name}, {tables[0].name}, {{x}}, "
                f"memory->window, {size}, {{y}});",
                (*PRODUCTS, "int8_map", "int8_convolve"), tables, window=size)


def _sizes(name, shape, kernel, made, layer, dilation=(1, 1)):
    return Struct(f"table_{name}_map", "map", (
        *shape, *kernel, *made, *layer.stride, *layer.padding, *dilation))


@code(MaxPool)
def max_pool(layer, name, shapes, made):
    sizes = _sizes(name, shapes[0], layer.kernel, made, layer)
    return Part(f"max_pool(&{sizes.name}, {{x}}, {{y}});",
                ("int8_cmsis", "int8_map", "int8_max_pool"), (sizes,))


@code(AveragePool)
def average_pool(layer, name, shapes, made):
    sizes = _sizes(name, shapes[0], layer.kernel, made, layer)
    return Part(f"average_pool(&{sizes.name}, {{x}}, {{y}});", ("int8_map", "int8_average_pool"),
                (sizes,))


@code(Relu)
def relu(layer, name, shapes, made):
    return Part(f"clamp_below({{x}}, {prod(made)}, {layer.zero}, {{y}});", ("int8_relu",))


@code(Add)
def add(layer, name, shapes, made):
    factors = [value for pair in zip(layer.multipliers, layer.shifts, strict=True)
               for value in pair]
    first, second = (-zero for zero in layer.input_zeros)
    sums = Struct(f"table_{name}_sum", "addition", (
        first, *factors[:2], second, *factors[2:4], layer.SHIFT, layer.zero, *factors[4:],
        layer.low, layer.high))
    return Part(f"add(&{sums.name}, {{x}}, {{x2}}, {prod(made)}, {{y}});",
                ("int8_cmsis", "int8_round", "int8_add"), (sums,))
