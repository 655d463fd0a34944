"""Carry chains that many small adders share, as LUTs of the device where it has a form for them."""

from dataclasses import dataclass

from amaranth import *

from .lut import family_of


__all__ = ["CHAIN_START", "LONGEST", "Bit", "Position", "carry_chain", "gap"]

# Positions of one chain. Each chain costs a position at its start, and a longer one is harder to
# place.
LONGEST = 24

# Attribute of a chain's first cell: nothing need be fed into it (boards.flow).
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

    @property
    def term(self):
        """The function's value."""
        values = [term.value for term in self.terms]
        if self.form == "xor":
            return values[0] ^ values[1]
        if self.form == "and":
            return values[0] & values[1]
        if self.form == "most":
            a, b, c = values
            return (a & b) | (c & (a | b))
        return values[0] if values else Const(0, 1)


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
        m.d.comb += total.eq(Cat(place.bit.value if place.bit else 0 for place in positions)
                             + Cat(place.term for place in positions))
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


FORMS = {"is": lambda a: a, "xor": lambda a, b: a ^ b, "and": lambda a, b: a & b,
         "most": lambda a, b, c: a + b + c >= 2}


def _half(m, place):
    """Truth table and four inputs of a position as half of a CCU2C.

    Its sum is table(A, B, C, D) ^ carry, and where the table is 0 the next carry is what the table
    says for A and B while C = D = 0: this must be A's value there.
    """
    bit = place.bit or Bit(Const(0, 1))
    form, terms = place.form, list(place.terms)
    if form == "most":
        terms.sort(key=lambda term: not term.inverted)  # an inverted one can only be B
        if terms[1].inverted:
            whole = Signal()
            m.d.comb += whole.eq(place.term)
            form, terms = "is", [Bit(whole)]
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
        table |= (a ^ int(FORMS[form](*values) if terms else 0)) << entry
    pins = [bit.wire, *(term.wire for term in terms)]
    pins += [Const(0, 1)] * (3 - len(pins)) + [Const(1, 1)] * (len(pins) < 4)
    return table, pins
