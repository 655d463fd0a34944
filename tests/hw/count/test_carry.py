# amaranth: UnusedElaboratable=no
"""hw.count.carry: positions as halves of a CCU2C, against Lattice's model of it."""

from itertools import product

import pytest
from amaranth import Module, Signal
from amaranth.hdl import Const

from hw.count.carry import Bit, Position, _half, gap


FORMS = {"is": 1, "xor": 2, "and": 2, "most": 3, "choose": 3, "masked": 3}


def ref_sum(form, bit, terms):
    """What a position adds: its bit and a function of its terms."""
    if form == "choose":
        return bit + (terms[0] if terms[1] else terms[2])
    if form == "masked":
        return bit + (terms[0] != terms[1]) * terms[2]
    total = sum(terms)
    return bit + {"is": total, "xor": total % 2, "and": total // 2, "most": total // 2}[form]


def ccu2c(init, pins, carry):
    """One half of the cell, as yosys' cell library has it (lattice/ccu2c_sim.vh)."""
    a, b, c, d = pins
    table = init >> (a + 2 * b + 4 * c + 8 * d) & 1
    generate = init >> (a + 2 * b) & 1
    return table ^ carry, carry if table else generate


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("has_bit", [True, False])
def test_every_position_adds_for_all_inputs(form, has_bit):
    count = FORMS[form]
    signals = [Signal(name=f"s{index}") for index in range(1 + count)]
    for inverted in product((False, True), repeat=1 + count):
        bit, *terms = [Bit(*pair) for pair in zip(signals, inverted, strict=True)]
        m = Module()
        init, pins = _half(m, Position(bit if has_bit else None, form, tuple(terms)))
        for values in product((0, 1), repeat=1 + count):
            given = dict(zip(map(id, signals), values, strict=True))
            seen = [value ^ flip for value, flip in zip(values, inverted, strict=True)]
            whole = ref_sum(form, 0, seen[1:])  # a signal of its own where the cell cannot
            wired = [pin.value if isinstance(pin, Const) else given.get(id(pin), whole)
                     for pin in pins]
            for carry in (0, 1):
                total = ref_sum(form, seen[0] * has_bit, seen[1:]) + carry
                assert ccu2c(init, wired, carry) == (total & 1, total >> 1)


def test_most_needs_a_lut_of_its_own_only_where_two_bits_are_inverted():
    signals = [Signal(name=f"s{index}") for index in range(4)]
    for inverted in product((False, True), repeat=3):
        terms = tuple(Bit(*pair) for pair in zip(signals[1:], inverted, strict=True))
        _, pins = _half(Module(), Position(Bit(signals[0]), "most", terms))
        taken_in = {id(pin) for pin in pins} == set(map(id, signals))
        assert taken_in == (sum(inverted) <= 1)


@pytest.mark.parametrize(("form", "inverted", "taken"), [
    ("choose", (True, False, False), True), ("choose", (False, True, False), False),
    ("choose", (False, False, True), False), ("masked", (True, True, False), True),
    ("masked", (False, False, True), False)])
def test_a_choice_needs_a_lut_of_its_own_only_where_it_is_not_0_without_carry(form, inverted,
                                                                             taken):
    signals = [Signal(name=f"s{index}") for index in range(4)]
    terms = tuple(Bit(*pair) for pair in zip(signals[1:], inverted, strict=True))
    _, pins = _half(Module(), Position(Bit(signals[0]), form, terms))
    assert ({id(pin) for pin in pins} == set(map(id, signals))) == taken


@pytest.mark.parametrize("inverted", [False, True])
def test_a_gap_gives_out_one_carry_and_hands_on_another(inverted):
    carry = Signal()
    init, pins = _half(Module(), gap(Bit(carry, inverted)))
    for coming, value in product((0, 1), repeat=2):
        wired = [pin.value if isinstance(pin, Const) else value for pin in pins]
        assert ccu2c(init, wired, coming) == (coming, value ^ inverted)
