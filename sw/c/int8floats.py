"""C code of the float layers of an int8 network, and of its softmax."""

from dataclasses import dataclass

import numpy as np

from ..int8.floating import COEFFICIENTS, LN2_HIGH, LN2_LOW, LOG2E, REACH, LastStep, Lstm
from .int8parts import Struct, code
from .part import PER_LINE, Part


@dataclass(frozen=True, eq=False)
class Floats:
    """A constant array of float32 in C.

    Attributes
    ----------
    name : str
        Identifier.
    values : ndarray of float32
        Elements in order.
    """

    name: str
    values: np.ndarray

    @property
    def text(self):
        """The definition in C."""
        lines, line = [], "   "
        for value in self.values.ravel():
            item = f" {number(value)},"
            if len(line) + len(item) > PER_LINE:
                lines.append(line)
                line = "   "
            line += item
        body = "\n".join([*lines, line.rstrip(",")])
        return f"static const float {self.name}[{self.values.size}] = {{\n{body}\n}};\n"


def number(value):
    """Return a float32 as a C literal that is read as the same float32."""
    return f"{np.format_float_scientific(np.float32(value), unique=True)}f".replace(".e", ".0e")


# Words of the kernel of the exponential.
NUMBERS = {"COEFFICIENTS": ", ".join(map(number, COEFFICIENTS)), "REACH": number(REACH),
           "LOG2E": number(LOG2E), "LN2_HIGH": number(LN2_HIGH), "LN2_LOW": number(LN2_LOW)}


@code(Lstm)
def lstm(layer, name, shapes, made):
    tables = [Floats(f"table_{name}_{what}", getattr(layer, what)) for what in layer.arrays]
    steps, features = shapes[0]
    inverse = np.float32(1) / np.float32(layer.scale)
    sizes = Struct(f"table_{name}_lstm", "lstm", (
        *(table.name for table in tables), steps, features, layer.units, layer.input_zero,
        layer.zero, number(layer.input_scale), number(inverse)))
    return Part(f"run_lstm(&{sizes.name}, {{x}}, memory->window, {{y}});",
                ("int8_exp", "int8_lstm"), (*tables, sizes),
                window=4 * (6 * layer.units + features))


@code(LastStep)
def last_step(layer, name, shapes, made):
    rows, count = shapes[0]
    return Part(f"take_last({{x}}, {rows}, {count}, {{y}});", ("int8_last_step",))


DECLARED = """
/* Softmax of scores, in float: the share of each class. */
void @NAME@_probabilities(const int32_t *scores, float *shares);
"""
DEFINED = """
void @NAME@_probabilities(const int32_t *scores, float *shares)
{
    const int32_t best = scores[@NAME@_best(scores)];
    float sum = 0.0f;
    for (size_t i = 0; i < @UPPER@_CLASSES; i++) {
        shares[i] = exponential((float)(scores[i] - best) * @SCALE@);
        sum = sum + shares[i];
    }
    for (size_t i = 0; i < @UPPER@_CLASSES; i++) {
        shares[i] = shares[i] / sum;
    }
}
"""
