"""Numbers in fixed point, and the number of bits behind the point that costs least."""

import torch


FRACTIONS = range(-16, 33)  # bits behind the point
AROUND = 3  # fraction lengths tried below and above the one that just holds the greatest value


def rounded(x, bits, fraction):
    """Return the nearest numbers of ``bits`` bits with ``fraction`` of them behind the point.

    Half goes to even; what is too large is the largest number.
    """
    most = 2**(bits - 1)
    return torch.clamp(torch.round(x * 2.0**fraction), -most, most - 1) * 2.0**-fraction


def widest(x, bits):
    """Return the greatest fraction length with which no value of ``x`` overflows."""
    greatest = float(x.abs().max())
    if greatest == 0:
        return 0
    fits = [fraction for fraction in FRACTIONS
            if greatest <= (2**(bits - 1) - 1) * 2.0**-fraction]
    return max(fits, default=FRACTIONS[0])


def best(values, wanted, bits):
    """Return the fraction length with the least sum of |wanted - rounded values|."""
    middle = widest(values, bits)
    choices = [fraction for fraction in range(middle - AROUND, middle + AROUND + 1)
               if fraction in FRACTIONS]
    return min(choices, key=lambda fraction: float(
        (wanted - rounded(values, bits, fraction)).abs().sum(dtype=torch.float64)))
