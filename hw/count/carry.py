"""Carry chains that many small adders share; on ECP5 they are instantiated as CCU2C."""

from dataclasses import dataclass

from amaranth import *

from .lut import family_of


__all__ = ["CHAIN_START", "FORMS", "LONGEST", "ZERO", "Bit", "Position", "carry_chain",
           "chain_cells", "gap", "vector"]

# Positions of one chain. Each chain costs a position at its start, and a longer one is harder to
# place.
LONGEST = 24

# Attribute of a chain's first cell, whose carry in may be anything (boards.toolchain.flow).
CHAIN_START = "chain_start"


@dataclass(frozen=True, eq=False)
class Bit:
    """A bit that may be inverted, because a LUT's input inverts it at no cost.

    Attributes
    ----------
    wire : Value
        One bit.
    inverted : bool
        Whether the bit is ``~wire``.
    """

    wire: Value
    inverted: bool = False

    @property
    def value(self):
        return ~self.wire if self.inverted else self.wire


ZERO = Bit(Const(0, 1))

# Forms of a position's function of two or three bits, or of as many vectors of bits.
FORMS = {"xor": lambda a, b: a ^ b, "and": lambda a, b: a & b,
         "most": lambda a, b, c: (a & b) | (c & (a | b)),
         "choose": lambda a, b, c: c ^ (b & (a ^ c)), "masked": lambda a, b, c: (a ^ b) & c}


@dataclass(frozen=True, eq=False)
class Position:
    """A place of a carry chain: adds a bit and a function of up to three bits to the carry.

    Attributes
    ----------
    bit : Bit or None
        The bit; None for 0.
    form : str
        Function of ``terms``: ``"is"`` of none or one, ``"xor"`` or ``"and"`` of two; of three
        ``"most"``, which is 1 if at least two of them are, ``"choose"``, the first where the
        second is 1, else the third, or ``"masked"``, the xor of two where the third is 1.
    terms : tuple of Bit
        Bits that the function takes.
    """

    bit: Bit | None
    form: str = "is"
    terms: tuple = ()


def vector(bits):
    """Return bits as one value, the first one lowest."""
    bits = list(bits)
    wires = Cat(*(bit.wire for bit in bits))
    inverted = sum(bit.inverted << place for place, bit in enumerate(bits))
    return wires ^ inverted if inverted else wires


def gap(carry):
    """Return the position between two adders, which separates their carries.

    Both bits that it adds are the carry into the next adder, so its carry out is that bit whatever
    comes in. Its sum is the carry out of the adder before.
    """
    return Position(carry, "is", (carry,))


def carry_chain(m, positions, platform, name):
    """Build a carry chain.

    The chain is written as one addition, which synthesis maps to a carry chain on any device. On
    ECP5 it is instantiated, because a LUT4 of the chain can also hold a position's function of
    three bits, and synthesis does not find that. So a full adder's carry costs no LUT of its own.

    Parameters
    ----------
    m : Module
        Where the chain goes.
    positions : list of Position
        The lowest first. It must be a :func:`gap`, because its carry in is not defined.
    platform : Platform or None
        Platform of the elaboration.
    name : str
        Name of the signals.

    Returns
    -------
    Signal
        A sum bit for each position.
    """
    total = Signal(len(positions), name=name)
    if family_of(platform) != "ecp5":
        m.d.comb += total.eq(vector(place.bit or ZERO for place in positions)
                             + vector(_terms(m, positions, name)))
        return total

    chain_cells(m, [_half(m, place) for place in positions], total)
    return total


def chain_cells(m, halves, total):
    """Instantiate a chain of CCU2C.

    Parameters
    ----------
    m : Module
        Where the chain goes.
    halves : list of (int, list of Value)
        Truth table and four inputs of each position, the lowest first.
    total : Signal
        Takes the sums; its name is the prefix of the carries' names.
    """
    if len(halves) % 2:
        halves = [*halves, _half(m, Position(None))]
    carry = None
    for index in range(0, len(halves), 2):
        ports = {}
        for half in (0, 1):
            init, pins = halves[index + half]
            ports[f"p_INIT{half}"] = init
            ports[f"p_INJECT1_{half}"] = "NO"
            ports |= {f"i_{pin}{half}": value for pin, value in zip("ABCD", pins, strict=True)}
            if index + half < len(total):
                ports[f"o_S{half}"] = total[index + half]
        if carry is None:
            ports[f"a_{CHAIN_START}"] = 1
        else:
            ports["i_CIN"] = carry
        if index + 2 < len(halves):
            ports["o_COUT"] = carry = Signal(name=f"{total.name}_carry")
        m.submodules += Instance("CCU2C", **ports)


def _terms(m, positions, name):
    """Return the function of each position; all functions of one form are one operation."""
    terms = [place.terms[0] if place.terms else ZERO for place in positions]
    for form, function in FORMS.items():
        places = [index for index, place in enumerate(positions) if place.form == form]
        if places:
            made = Signal(len(places), name=f"{name}_{form}")
            m.d.comb += made.eq(function(*map(vector, zip(
                *(positions[index].terms for index in places), strict=True))))
            for index, wire in zip(places, made, strict=True):
                terms[index] = Bit(wire)
    return terms


def _half(m, place):
    """Return truth table and four inputs of a position as half of a CCU2C.

    The sum is table(A, B, C, D) ^ carry. Where the table is 0, the next carry is the table's value
    at A, B and C = D = 0. There this value must be A's.
    """
    bit = place.bit or ZERO
    form, terms = place.form, list(place.terms)
    if form == "most":  # the order does not matter
        terms.sort(key=lambda term: not term.inverted)  # an inverted term can only be B
        if terms[1].inverted:
            form, terms = "is", _terms(m, [place], "whole")
    elif len(terms) == 3 and any(FORMS[form](first, *(int(term.inverted) for term in terms[1:]))
                                 for first in (0, 1)):
        form, terms = "is", _terms(m, [place], "whole")  # not 0 where C = D = 0
    if form == "is" and terms and terms[0] is place.bit:
        return 0x000A ^ 0x000F * bit.inverted, [bit.wire, Const(0, 1), Const(0, 1), Const(1, 1)]
    table = 0
    for entry in range(16):
        a, *others = (entry >> pin & 1 for pin in range(4))
        a ^= bit.inverted
        if entry < 4 and len(terms) < 3:  # D is 1, this is the next carry's table
            table |= a << entry
            continue
        values = [value ^ term.inverted for value, term in zip(others, terms, strict=False)]
        term = FORMS[form](*values) if form in FORMS else (values or [0])[0]
        table |= (a ^ int(term)) << entry
    pins = [bit.wire, *(term.wire for term in terms)]
    pins += [Const(0, 1)] * (3 - len(pins)) + [Const(1, 1)] * (len(pins) < 4)
    return table, pins
