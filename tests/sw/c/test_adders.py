"""Trees of adders and functions of three bits, over all inputs, evaluated in Python."""

import re

import numpy as np
import pytest

from sw.c.adders import count, fires
from sw.c.lanes import function_of
from sw.c.ternary import ALL, INPUTS, definitions, expressions
from sw.layer.function import Function


def evaluated(lines, inputs):
    """Run C statements on lanes that are Python integers; return what they write to ``y``."""
    width = 2**inputs
    everything = (1 << width) - 1
    x = [sum(1 << row for row in range(width) if row >> place & 1) for place in range(inputs)]

    def ternary(table, a, b, c):
        rows = [(a if row & 1 else ~a) & (b if row & 2 else ~b) & (c if row & 4 else ~c)
                for row in range(8) if table >> row & 1]
        return sum(rows) & everything

    names, y = {"x": x, "ternary": ternary}, {}
    for line in lines:
        text = re.sub(r"\bT(\d+)\(", r"ternary(\1, ", line.removeprefix("const lane ").rstrip(";"))
        target, value = text.replace("(lane){0}", "0").split(" = ")
        result = eval(value, names) & everything  # of our own text
        if target.startswith("y["):
            y[int(target[2:-1])] = result
        else:
            names[target] = result
    return y, x


def popcounts(weights, inputs):
    """Return the popcount of a neuron at each row of its inputs."""
    rows = np.arange(2**inputs)[:, None] >> np.arange(inputs) & 1
    return ((rows == (weights > 0)) & (weights != 0)).sum(axis=1)


@pytest.mark.parametrize("synapses", range(1, 10))
def test_neurons_fire_from_their_threshold_on(synapses):
    rng = np.random.default_rng(synapses)
    weights = rng.choice([-1, 1], synapses)
    counts = popcounts(weights, synapses)
    for threshold in range(synapses + 2):
        y, _ = evaluated(fires(weights, threshold, "y[0]"), synapses)
        assert y[0] == sum(1 << row for row in np.flatnonzero(counts >= threshold).tolist())


@pytest.mark.parametrize("synapses", range(10))
def test_counts_have_all_their_bits(synapses):
    rng = np.random.default_rng(20 + synapses)
    weights = np.append(rng.choice([-1, 1], synapses), 0)
    y, _ = evaluated(count(weights, [f"y[{place}]" for place in range(8)]), synapses + 1)
    counts = popcounts(weights, synapses + 1)
    assert [sum((y[place] >> row & 1) << place for place in range(8))
            for row in range(len(counts))] == counts.tolist()


def test_a_large_neuron_takes_less_than_two_functions_a_synapse():
    lines = fires(np.ones(64, np.int8), 30, "y[0]")
    assert len(lines) <= 2 * 64


def test_expressions_are_their_tables():
    names = dict(INPUTS) | {"__builtins__": {}}
    assert len(expressions()) == 256
    for table, text in expressions().items():
        assert eval(text.replace("(lane){0}", "0"), names) & ALL == table


def test_sum_and_carry_take_as_few_operations_as_are_known():
    def operations(table):
        return len(re.findall(r"[\^|]|&|(?<!& )~", expressions()[table]))
    assert operations(0x96) == 2
    assert operations(0xE8) == 4
    assert max(map(operations, range(256))) <= 7


def test_definitions_are_of_each_table_once():
    text = definitions({150, 232})
    assert text.count("T150(") == text.count("T232(") == 2


@pytest.mark.parametrize("inputs", range(7))
def test_functions_of_up_to_six_bits(inputs):
    rng = np.random.default_rng(inputs)
    for _ in range(20):
        table = int.from_bytes(rng.bytes(8), "little") & (1 << 2**inputs) - 1
        function = Function(tuple(range(inputs)), table).least()
        y, _ = evaluated([f"y[0] = {function_of(function)};"], inputs)
        assert y[0] == table
