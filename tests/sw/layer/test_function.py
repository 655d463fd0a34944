"""sw.layer.function: substituted functions against the plain value of every row."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sw.layer.function import Function


@st.composite
def functions(draw):
    inputs = tuple(draw(st.lists(st.integers(0, 7), min_size=1, max_size=6)))
    return Function(inputs, draw(st.integers(0, 2**2**len(inputs) - 1)))


def value(function, bits):
    """Return the value where the bits by number are these."""
    row = sum(bits[number] << place for place, number in enumerate(function.inputs))
    return function.table >> row & 1


KNOWN = st.dictionaries(st.integers(0, 7), st.tuples(st.none() | st.integers(0, 7),
                                                     st.integers(0, 1)))


@given(functions(), KNOWN)
def test_substitution_keeps_the_value_for_all_inputs(function, known):
    least = function.substituted(known)
    for word in range(256):
        bits = [word >> number & 1 for number in range(8)]
        full = list(bits)
        for number, (other, flip) in known.items():
            full[number] = flip if other is None else bits[other] ^ flip
        assert value(least, bits) == value(function, full)


@given(functions())
def test_the_least_function_depends_on_each_of_its_inputs(function):
    least = function.least()
    assert list(least.inputs) == sorted(set(least.inputs))
    for place in range(len(least.inputs)):
        assert least.fixed(place, 0) != least.fixed(place, 1)
    assert least.least() == least
    assert (least.value is None) == bool(least.inputs)


@given(functions())
def test_the_opposite_differs_everywhere(function):
    opposite = function.inverted()
    assert opposite.inverted() == function
    assert all(opposite.value_at(row) != function.value_at(row) for row in range(function.rows))


def test_functions_of_the_same_inputs_in_another_order_are_one():
    table = 0b1110_0010
    rows = np.array([table >> row & 1 for row in range(8)]).reshape(2, 2, 2)
    turned = sum(int(bit) << row for row, bit in enumerate(rows.transpose(2, 1, 0).ravel()))
    assert Function((5, 6, 7), table).least() == Function((7, 6, 5), turned).least()
