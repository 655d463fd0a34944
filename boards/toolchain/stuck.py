"""Tells from nextpnr's log whether placer and router still get on."""

import re
from collections import deque
from math import inf


PATIENCE = 200  # iterations of router2 without progress near the end
MANY = 200  # overused wires and late connections that are far from the end
PROGRESS = 1 / 20  # of these in a tenth of the patience, at least
# Iterations of the placer in a row without less overlap; a placement that ends takes about 600.
SPREADING = 500


class Stuck:
    """Watches whether the placer ``static`` and router2 get on, in the lines of nextpnr's log.

    The placer spreads cells until few overlap, and never ends on a device that is too full.

    router2 may go on for ever: with ``--tmg-ripup`` where connections are late and there is no
    faster way, and on iCE40 where two nets take a wire from each other. router1 prints no such
    lines. The end of a routing goes a wire at a time and is worth waiting for. An iteration with
    many overused wires takes long, so a tenth of the patience is enough to tell there.

    Parameters
    ----------
    patience : int
        Iterations in a row that leave as many wires overused or connections late, or more, until
        it is given up.
    """

    def __init__(self, patience=PATIENCE):
        self.patience = patience
        self.overlap, self.spreading = inf, 0
        self.least, self.since = inf, 0
        self.counts = deque(maxlen=max(1, patience // 10) + 1)  # of the last iterations

    def __call__(self, line):
        """Take in a line; return whether to give up."""
        overlap = re.search(r"\boverlap: COMB=([\d.]+)%", line)
        if overlap:
            left = float(overlap[1])
            self.spreading = self.spreading + 1 if left >= self.overlap else 0
            self.overlap = min(self.overlap, left)
            return self.spreading >= SPREADING
        found = re.findall(r"\b(?:overused|tmgfail)=(\d+)", line)
        if not found:
            return self.since >= self.patience
        left = sum(map(int, found))
        self.since = self.since + 1 if left >= self.least else 0
        self.least = min(self.least, left) if left else inf
        self.counts.append(left)
        return self.since >= self.patience or self._crawls()

    def _crawls(self):
        """Whether many wires are left and a tenth of the patience gained next to nothing."""
        return (len(self.counts) == self.counts.maxlen and min(self.counts) > MANY
                and min(self.counts) > (1 - PROGRESS) * self.counts[0])
