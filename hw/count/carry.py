"""Carry chains that many small adders share, as LUTs of the device where it has a form for them."""

from dataclasses import dataclass

from amaranth import *

from .lut import family_of


__all__ = ["CHAIN_START", "FORMS", "LONGEST", "ZERO", "Bit", "Position", "carry_chain", "gap",
           "vector"]

# Positions of one chain. Each chain costs a position at its start, and a longer one is harder to
# place.
LONGEST = 24

# Attribute of a chain's first cell: nothing need be fed into it (boards.toolchain.flow).
CHAIN_START = "chain_start"


@dataclass(frozen=True, eq=False)
class Bit:
    """A bit and whether its opposite is meant: what a LUT's input reads for nothing.

    Attributes
    ----------
    wire : Value
        One bit.
    inverted : bool
        Whether ``~wire`` is meant.
    """

    wire: Value
    inverted: bool = False

    @property
    def value(self):
        return ~self.wire if self.inverted else self.wire


ZERO = Bit(Const(0, 1))

# What a position's other term is, of two or three bits; or of as many vectors.
FORMS = {"xor": lambda a, b: a ^ b, "and": lambda a, b: a & b,
         "most": lambda a, b, c: (a & b) | (c & (a | b))}


@dataclass(frozen=True, eq=False)
class Position:
    """A place of a carry chain: adds a bit and a function of up to three bits to the carry.

    Attributes
    ----------
    bit : Bit or None
        The one bit, 0 if None.
    form : str
        Function of ``terms``: ``"is"`` of none or one, ``"xor"`` or ``"and"`` of two, ``"most"``
        of three: whether at least two are 1.
    terms : tuple of Bit
        What it takes.
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
    """Position between two adders: its sum is the carry of the one, and the next one's is given.

    Both bits that it adds are the next adder's carry, so that nothing passes.
    """
    return Position(carry, "is", (carry,))


def carry_chain(m, positions, platform, name):
    """Build a chain.

    Written as one addition, of which synthesis makes a chain on any device. On ECP5 the chain is
    instantiated, because a LUT4 of it holds a position's function of three bits as well, which
    synthesis does not find: a full adder's carry costs no LUT of its own.

    Parameters
    ----------
    m : Module
        Where it goes.
    positions : list of Position
        The lowest first, which must be a :func:`gap`: what comes into it is not defined.
    platform : Platform or None
        What the design is elaborated for.
    name : str
        Of the signals.

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

    halves = [_half(m, place) for place in positions]
    if len(halves) % 2:
        halves.append(_half(m, Position(None)))
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
            ports["o_COUT"] = carry = Signal(name=f"{name}_carry")
        m.submodules += Instance("CCU2C", **ports)
    return total


def _terms(m, positions, name):
    """Bit that each position adds besides its own: all of one form are one operation."""
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
    """Truth table and four inputs of a position as half of a CCU2C.

    Its sum is table(A, B, C, D) ^ carry, and where the table is 0 the next carry is what the table
    says for A and B while C = D = 0: this must be A's value there.
    """
    bit = place.bit or ZERO
    form, terms = place.form, list(place.terms)
    if form == "most":
        terms.sort(key=lambda term: not term.inverted)  # an inverted one can only be B
        if terms[1].inverted:
            form, terms = "is", _terms(m, [place], "whole")
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
