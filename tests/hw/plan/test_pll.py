"""Property tests of hw.plan.pll: against the data sheets' limits and a plain search."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.plan.pll import MHZ, Ecp5Pll, Ice40Pll, megahertz, solve


OSCILLATORS = [12 * MHZ, 16 * MHZ, 25 * MHZ, 30 * MHZ, 48 * MHZ, 50 * MHZ, 100 * MHZ]
ECP5_WANTED = st.integers(4 * MHZ, 400 * MHZ)
ICE40_WANTED = st.integers(17 * MHZ, 275 * MHZ)


def legal_ecp5(pll):
    return (3_125_000 <= pll.input / pll.clki <= 400 * MHZ
            and 400 * MHZ <= pll.input * pll.clkfb * pll.clkop / pll.clki <= 800 * MHZ
            and 3_125_000 <= pll.input * pll.clkfb / pll.clki <= 400 * MHZ
            and all(divider in range(1, 129) for divider in (pll.clki, pll.clkfb, pll.clkop)))


def legal_ice40(pll):
    detector = pll.input / (pll.divr + 1)
    return (10 * MHZ <= detector <= 133 * MHZ
            and 533 * MHZ <= detector * (pll.divf + 1) <= 1066 * MHZ
            and 16 * MHZ <= detector * (pll.divf + 1) / 2**pll.divq <= 275 * MHZ
            and pll.divr in range(16) and pll.divf in range(128) and pll.divq in range(1, 7))


def ref_ecp5(oscillator, wanted):
    """Best output of all settings, tried one by one; the VCO check needs one divider that fits."""
    best = Fraction(0)
    for clki in range(1, 129):
        for clkfb in range(1, 129):
            output = Fraction(oscillator * clkfb, clki)
            if best < output <= wanted and any(
                    legal_ecp5(Ecp5Pll(Fraction(oscillator), clki, clkfb, clkop))
                    for clkop in range(1, 129)):
                best = output
    return best


def ref_ice40(oscillator, wanted):
    """Best output of all settings, tried one by one."""
    return max(pll.output for divr in range(16) for divf in range(128) for divq in range(1, 7)
               if (pll := Ice40Pll(Fraction(oscillator), divr, divf, divq)).output <= wanted
               and legal_ice40(pll))


@given(st.sampled_from(OSCILLATORS), ECP5_WANTED)
def test_ecp5_settings_are_legal_and_not_above_the_request(oscillator, wanted):
    pll = solve("ecp5", oscillator, wanted)
    assert pll is None or (legal_ecp5(pll) and pll.output <= wanted)


@given(st.sampled_from(OSCILLATORS), ICE40_WANTED)
def test_ice40_settings_are_legal_and_not_above_the_request(oscillator, wanted):
    pll = solve("ice40", oscillator, wanted)
    assert pll is None or (legal_ice40(pll) and pll.output <= wanted)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(OSCILLATORS), ECP5_WANTED)
def test_ecp5_finds_what_a_plain_search_finds(oscillator, wanted):
    if wanted != oscillator:
        assert solve("ecp5", oscillator, wanted).output == ref_ecp5(oscillator, wanted)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(OSCILLATORS), ICE40_WANTED)
def test_ice40_finds_what_a_plain_search_finds(oscillator, wanted):
    if wanted != oscillator:
        assert solve("ice40", oscillator, wanted).output == ref_ice40(oscillator, wanted)


@pytest.mark.parametrize("oscillator", [25, 50, 100])
@pytest.mark.parametrize("wanted", [30, 40, 60, 75, 80, 110, 120, 125, 150, 200])
def test_ecp5_is_exact_on_common_frequencies(oscillator, wanted):
    assert solve("ecp5", oscillator * MHZ, wanted * MHZ).output == wanted * MHZ


def test_ecp5_keeps_the_phase_detector_fast():
    pll = solve("ecp5", 25 * MHZ, 100 * MHZ)
    assert (pll.clki, pll.clkfb, pll.clkop, pll.vco) == (1, 4, 6, 600 * MHZ)


@pytest.mark.parametrize("wanted", [18, 24, 27, 30, 36, 39, 48, 60])
def test_ice40_is_exact_from_12_mhz_on_common_frequencies(wanted):
    assert solve("ice40", 12 * MHZ, wanted * MHZ).output == wanted * MHZ


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_the_oscillators_own_frequency_needs_no_pll(family):
    assert solve(family, 12 * MHZ, 12 * MHZ) is None


def test_the_known_setting_of_an_icebreaker_comes_out():
    pll = solve("ice40", 12 * MHZ, 48 * MHZ)
    assert (pll.divr, pll.divf, pll.divq, pll.filter_range) == (0, 63, 4, 1)


@pytest.mark.parametrize(("detector", "setting"), [(16, 1), (17, 2), (26, 3), (44, 4), (66, 5),
                                                   (101, 6)])
def test_filter_range_follows_the_phase_detector(detector, setting):
    assert Ice40Pll(Fraction(detector * MHZ), 0, 63, 4).filter_range == setting


def test_frequencies_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"^Clock from the ECP5 PLL must be in 3\.125\.\.400 MHz: "
                       r"500 MHz \(or 25 MHz, the oscillator's own\)$"):
        solve("ecp5", 25 * MHZ, 500 * MHZ)
    with pytest.raises(ValueError, match=r"^Clock from the iCE40 PLL must be in 16\.\.275 MHz: "
                       r"6 MHz \(or 12 MHz, the oscillator's own\)$"):
        solve("ice40", 12 * MHZ, 6 * MHZ)
    with pytest.raises(ValueError, match=r"^Oscillator for the iCE40 PLL must be in 10\.\.133 MHz: "
                       r"0\.01 MHz$"):
        solve("ice40", 10_000, 48 * MHZ)


def test_a_frequency_between_the_lowest_ratios_is_refused():
    with pytest.raises(ValueError, match=r"^Clock from the iCE40 PLL must be a ratio it can make: "
                       r"16 MHz from 133 MHz \(ask for a higher one\)$"):
        solve("ice40", 133 * MHZ, 16 * MHZ)


def test_frequencies_print_without_needless_digits():
    assert [megahertz(hz) for hz in (12 * MHZ, 3_125_000, Fraction(100 * MHZ, 3))] == [
        "12", "3.125", "33.333333"]
