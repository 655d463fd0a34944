"""Clock that a build which missed its clock reached, and the clock to try next."""

import re
from math import floor


MARGIN = 0.97  # of a reached clock to build at: placement differs from clock to clock


def reached(message):
    """Return the clock in MHz that the error of a build names, or None if the error is another."""
    found = re.search(r"Clock must be at most ([\d.]+) MHz", message)
    return float(found[1]) if found else None


def next_clock(megahertz):
    """Return the clock to build at after a build that reached ``megahertz``, in MHz."""
    return floor(MARGIN * megahertz)
