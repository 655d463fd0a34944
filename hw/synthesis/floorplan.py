"""Floorplan of scheduled layers on ECP5: sites of the weights' block RAMs, in order of the data."""

import json
import re
from dataclasses import dataclass
from math import ceil

from sw.store.files import write_text


__all__ = ["DIES", "Die", "arrange", "die_of"]

WEIGHTS = re.compile(r"(.*)\.(weights|constants)_(\d+)((?:\.\d+)+)")


@dataclass(frozen=True)
class Die:
    """Sites of a die's block RAMs, in nextpnr's coordinates.

    Attributes
    ----------
    rows : tuple of int
        Rows with block RAM, the highest first.
    left, right : int
        Groups of four block RAMs in a row, left and right of the middle.
    """

    rows: tuple
    left: int
    right: int

    @property
    def columns(self):
        """Return the columns with block RAM and their site names: lists of (int, str)."""
        starts = [4 + 9 * four + 2 * (four >= self.left) for four in range(self.left + self.right)]
        return [(start + 2 * place, f"EBR{place}") for start in starts for place in range(4)]

    def sites(self, count):
        """Return names of sites for some block RAMs, each near the one before.

        Two rows at a time are filled column by column, from left to right and back. They lie in a
        window in the middle of the die, as narrow as possible.
        """
        columns = self.columns
        needed = ceil(count / len(self.rows))
        if needed > len(columns):
            raise ValueError(f"Block RAMs must be at most {len(columns) * len(self.rows)}, what "
                             f"the die has: {count}")
        first = (len(columns) - needed) // 2
        window = columns[first:first + needed]
        names = []
        for band in range(0, len(self.rows), 2):
            names += [f"X{x}/Y{y}/{site}" for x, site in window
                      for y in self.rows[band:band + 2]]
            window = window[::-1]
        return names[:count]


# Sites of nextpnr 0.11 for the dies of 56, 108 and 208 block RAMs.
DIES = {"25": Die((37, 25), 3, 4), "45": Die((58, 34, 10), 4, 5), "85": Die((82, 70, 46, 22), 7, 6)}


def die_of(device):
    """Return the die of an ECP5 by its name; a 12F (``"LFE5U-12F"``) is a 25F."""
    size = re.search(r"-(\d+)F?$", device)[1]
    return DIES["25" if size == "12" else size]


def arrange(path, top, die):
    """Give the block RAMs of weights and thresholds their sites in a netlist.

    Without sites the placer spreads the block RAMs of a neuron over the die
    (docs/decisions/013-floorplan.md).

    Parameters
    ----------
    path : Path
        Yosys' JSON; replaced.
    top : str
        Name of the top module.
    die : Die
        Die of the sites.
    """
    netlist = json.loads(path.read_text(encoding="utf-8"))
    cells = netlist["modules"][top]["cells"]
    names = sorted((name for name, cell in cells.items()
                    if cell["type"] == "DP16KD" and WEIGHTS.fullmatch(name)), key=_order)
    for name, site in zip(names, die.sites(len(names)), strict=True):
        cells[name]["attributes"]["BEL"] = site
    if names:
        write_text(path, json.dumps(netlist))


def _order(name):
    """Return a sort key of layer, group and place; numbers in names sort as numbers."""
    layer, kind, group, place = WEIGHTS.fullmatch(name).groups()
    parts = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", layer)]
    return parts, int(group), kind, [int(part) for part in place[1:].split(".")]
