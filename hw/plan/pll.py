"""Dividers of PLLs: the nearest frequency to a wished one that a PLL can make, not above it."""

from dataclasses import dataclass
from fractions import Fraction

from sw.command import MHZ


# Lattice FPGA-DS-02012 (ECP5 family data sheet), sysCLOCK PLL timing: frequencies in Hz.
ECP5_INPUT = (8 * MHZ, 400 * MHZ)
ECP5_OUTPUT = (Fraction("3.125") * MHZ, 400 * MHZ)
ECP5_DETECTOR = (Fraction("3.125") * MHZ, 400 * MHZ)
ECP5_VCO = (400 * MHZ, 800 * MHZ)
ECP5_DIVIDER = 128

# Lattice FPGA-DS-02029 and -02008 (iCE40 data sheets), sysCLOCK PLL timing. The feedback divider
# has 7 bits in SIMPLE mode (FPGA-TN-02052 says 6; Project IceStorm's icepll measured 7).
ICE40_INPUT = (10 * MHZ, 133 * MHZ)
ICE40_OUTPUT = (16 * MHZ, 275 * MHZ)
ICE40_DETECTOR = (10 * MHZ, 133 * MHZ)
ICE40_VCO = (533 * MHZ, 1066 * MHZ)
ICE40_DIVR, ICE40_DIVF, ICE40_DIVQ = range(16), range(128), range(1, 7)
ICE40_FILTER = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5))  # detector below MHz: setting


@dataclass(frozen=True)
class Ecp5Pll:
    """Settings of an EHXPLLL with feedback from CLKOP.

    Attributes
    ----------
    input : Fraction
        Frequency at CLKI in Hz.
    clki, clkfb, clkop : int
        Dividers of input, feedback and output, 1 to 128.
    """

    input: Fraction
    clki: int
    clkfb: int
    clkop: int

    @property
    def detector(self):
        return self.input / self.clki

    @property
    def output(self):
        return self.detector * self.clkfb

    @property
    def vco(self):
        return self.output * self.clkop


@dataclass(frozen=True)
class Ice40Pll:
    """Settings of an SB_PLL40 in SIMPLE feedback mode.

    Attributes
    ----------
    input : Fraction
        Reference frequency in Hz.
    divr, divf, divq : int
        Register values: the reference is divided by ``divr + 1``, the feedback by ``divf + 1``,
        the output by ``2**divq``.
    """

    input: Fraction
    divr: int
    divf: int
    divq: int

    @property
    def detector(self):
        return self.input / (self.divr + 1)

    @property
    def vco(self):
        return self.detector * (self.divf + 1)

    @property
    def output(self):
        return self.vco / 2**self.divq

    @property
    def filter_range(self):
        """Setting of the loop filter for the frequency at the phase detector."""
        return next((setting for limit, setting in ICE40_FILTER if self.detector < limit * MHZ), 6)


def solve(family, oscillator, wanted):
    """Find the setting whose frequency is nearest to a wanted one, and not above it.

    Of settings with equal frequencies the one with the fastest phase detector wins, because it has
    the least jitter.

    Parameters
    ----------
    family : str
        ``"ecp5"`` or ``"ice40"``.
    oscillator, wanted : int or Fraction
        Frequencies in Hz.

    Returns
    -------
    None, Ecp5Pll or Ice40Pll
        None if the oscillator has the wanted frequency, so that no PLL is needed.

    Raises
    ------
    ValueError
        If a frequency is out of the PLL's range.
    """
    oscillator, wanted = Fraction(oscillator), Fraction(wanted)
    if wanted == oscillator:
        return None
    find, name, inputs, outputs = {
        "ecp5": (_ecp5, "ECP5", ECP5_INPUT, ECP5_OUTPUT),
        "ice40": (_ice40, "iCE40", ICE40_INPUT, ICE40_OUTPUT)}[family]
    _check(oscillator, inputs, f"Oscillator for the {name} PLL", "")
    _check(wanted, outputs, f"Clock from the {name} PLL",
           f" (or {megahertz(oscillator)} MHz, the oscillator's own)")
    found = max(find(oscillator, wanted), key=lambda pll: (pll.output, pll.detector), default=None)
    if found is None:
        raise ValueError(f"Clock from the {name} PLL must be a ratio it can make: "
                         f"{megahertz(wanted)} MHz from {megahertz(oscillator)} MHz "
                         f"(ask for a higher one)")
    return found


def make_clock(family, oscillator, wanted):
    """Return the frequency that a board's PLL makes for a wanted one, both in Hz."""
    pll = solve(family, oscillator, wanted)
    return wanted if pll is None else pll.output


def megahertz(frequency):
    """Return a frequency in Hz as text in MHz, without needless digits."""
    return f"{float(frequency) / MHZ:.6f}".rstrip("0").rstrip(".")


def _ecp5(oscillator, wanted):
    for clki in range(1, ECP5_DIVIDER + 1):
        detector = oscillator / clki
        clkfb = min(wanted // detector, ECP5_DIVIDER)
        if not _within(detector, ECP5_DETECTOR) or not _within(detector * clkfb, ECP5_OUTPUT):
            continue
        middle = sum(ECP5_VCO) / 2  # most margin to both ends over temperature
        clkop = min(range(1, ECP5_DIVIDER + 1),
                    key=lambda divider: abs(detector * clkfb * divider - middle))
        yield Ecp5Pll(oscillator, clki, clkfb, clkop)


def _ice40(oscillator, wanted):
    for divr in ICE40_DIVR:
        detector = oscillator / (divr + 1)
        for divq in ICE40_DIVQ:
            divf = min(wanted * 2**divq // detector, ICE40_VCO[1] // detector, len(ICE40_DIVF)) - 1
            pll = Ice40Pll(oscillator, divr, divf, divq)
            if (_within(detector, ICE40_DETECTOR) and _within(pll.vco, ICE40_VCO)
                    and _within(pll.output, ICE40_OUTPUT)):
                yield pll


def _within(frequency, limits):
    return limits[0] <= frequency <= limits[1]


def _check(frequency, limits, what, way_out):
    if not _within(frequency, limits):
        low, high = map(megahertz, limits)
        raise ValueError(f"{what} must be in {low}..{high} MHz: {megahertz(frequency)} MHz"
                         f"{way_out}")
