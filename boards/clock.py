"""The design's clock and reset on a board: oscillator, PLL, start-up."""

from amaranth import *
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer

from hw.plan.pll import Ecp5Pll, Ice40Pll


# Balls and pins that feed a PLL directly. On the UP5K nothing but the _PAD primitive can use it.
PLL_PADS = {("iCE40UP5K", "SG48"): "35"}

# iCE40 block RAMs read as zero for about 3 µs after configuration; internal oscillators settle
# within 100 µs.
ICE40_STARTUP = 15e-6  # seconds
ICE40_OSCILLATOR_STARTUP = 100e-6


class Clock(Elaboratable):
    """Drives its parent's ``sync`` domain from the oscillator, through a PLL if there is one.

    The domain is held in reset until the PLL has locked (and while the board's reset button is
    down). On ECP5 that is the global set/reset network, which costs no routing; on iCE40 an
    ordinary synchronous reset, which nextpnr puts on a global net. The domain has a reset signal
    on iCE40 only.

    Parameters
    ----------
    pll : None, Ecp5Pll or Ice40Pll
        Settings from :func:`hw.plan.pll.solve`; None to use the oscillator as it is.
    frequency : int or Fraction
        Frequency of the domain in Hz, for the timing constraint.
    """

    def __init__(self, pll, frequency):
        self.pll = pll
        self.frequency = frequency

    def elaborate(self, platform):
        m = Module()
        clock = Signal()
        locked = Signal(init=1)
        internal = platform.default_clk == "SB_HFOSC"
        if internal:
            source = Signal()
            m.submodules.oscillator = Instance(
                "SB_HFOSC", p_CLKHF_DIV=f"0b{platform.hfosc_div:02b}", i_CLKHFEN=Const(1),
                i_CLKHFPU=Const(1), o_CLKHF=source)
        else:
            port = platform.request(platform.default_clk, dir="-")
            pad = (isinstance(self.pll, Ice40Pll) and port.io.metadata[0].name
                   == PLL_PADS.get((platform.device, platform.package)))
            if pad:
                source = port.io
            else:
                m.submodules.pin = pin = io.Buffer("i", port)
                source = pin.i

        if self.pll is None:
            m.d.comb += clock.eq(source)
        elif isinstance(self.pll, Ecp5Pll):
            m.submodules.pll = _ecp5_pll(self.pll, source, clock, locked)
        else:
            m.submodules.pll = _ice40_pll(self.pll, source, clock, locked, pad=not internal and pad)
        if self.pll is not None or internal:
            platform.add_clock_constraint(clock, float(self.frequency))

        pressed = Const(0)
        if platform.default_rst is not None:
            m.submodules.button = button = io.Buffer(
                "i", platform.request(platform.default_rst, dir="-"))
            pressed = button.i
        if platform.family == "ecp5":
            _ecp5_reset(m, clock, locked & ~pressed)
        else:
            startup = ICE40_OSCILLATOR_STARTUP if internal else ICE40_STARTUP
            ice40_reset(m, clock, locked & ~pressed, int(startup * self.frequency))
        return m


def _ecp5_pll(pll, source, clock, locked):
    # The charge pump and filter settings are those of Lattice's own generator and of ecppll.
    return Instance(
        "EHXPLLL",
        a_FREQUENCY_PIN_CLKI=f"{float(pll.input) / 1e6:.6f}",
        a_FREQUENCY_PIN_CLKOP=f"{float(pll.output) / 1e6:.6f}",
        a_ICP_CURRENT="12", a_LPF_RESISTOR="8", a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_CLKI_DIV=pll.clki, p_CLKFB_DIV=pll.clkfb, p_CLKOP_DIV=pll.clkop,
        p_CLKOP_CPHASE=pll.clkop - 1, p_CLKOP_FPHASE=0, p_CLKOP_ENABLE="ENABLED",
        p_FEEDBK_PATH="CLKOP", p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED", p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB", p_OUTDIVIDER_MUXC="DIVC",
        p_OUTDIVIDER_MUXD="DIVD",
        i_CLKI=source, i_CLKFB=clock, i_RST=Const(0), i_STDBY=Const(0), i_ENCLKOP=Const(0),
        i_PHASESEL0=Const(0), i_PHASESEL1=Const(0), i_PHASEDIR=Const(0), i_PHASESTEP=Const(0),
        i_PHASELOADREG=Const(0), i_PLLWAKESYNC=Const(0),
        o_CLKOP=clock, o_LOCK=locked)


def _ice40_pll(pll, source, clock, locked, *, pad):
    return Instance(
        "SB_PLL40_PAD" if pad else "SB_PLL40_CORE",
        ("i", "PACKAGEPIN" if pad else "REFERENCECLK", source),
        p_FEEDBACK_PATH="SIMPLE", p_PLLOUT_SELECT="GENCLK",
        p_DIVR=Const(pll.divr, 4), p_DIVF=Const(pll.divf, 7), p_DIVQ=Const(pll.divq, 3),
        p_FILTER_RANGE=Const(pll.filter_range, 3),
        i_RESETB=Const(1), i_BYPASS=Const(0), o_PLLOUTGLOBAL=clock, o_LOCK=locked)


def _ecp5_reset(m, clock, ready):
    released = Signal(2)
    m.submodules.first = Instance("FD1S3AX", p_GSR="DISABLED", i_CK=clock, i_D=ready,
                                  o_Q=released[0])
    m.submodules.second = Instance("FD1S3AX", p_GSR="DISABLED", i_CK=clock, i_D=released[0],
                                   o_Q=released[1])
    m.submodules.gsr = Instance("SGSR", i_CLK=clock, i_GSR=released[1])
    m.d.comb += ClockSignal("sync").eq(clock)


def ice40_reset(m, clock, ready, cycles):
    """Clock the ``sync`` domain, held in reset until ``ready`` has been high for so many cycles."""
    m.domains.startup = startup = ClockDomain(local=True)
    m.d.comb += [startup.clk.eq(clock), ClockSignal("sync").eq(clock)]
    m.submodules.ready = ResetSynchronizer(~ready, domain="startup")
    timer = Signal(range(cycles + 1))
    reset = Signal(init=1)
    with m.If(timer == cycles):
        m.d.startup += reset.eq(0)
    with m.Else():
        m.d.startup += timer.eq(timer + 1)
    m.d.comb += ResetSignal("sync").eq(reset)
