"""Looks at all examples of a part once: their shapes, their values, and which cannot be read."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ..command import explain
from ..progress import progress
from .convert import alike, depth_of, grey
from .drawing import edge
from .raw import Part


KEPT = 2**28  # values of decoded pictures that are kept; others are decoded again when needed


@dataclass
class Survey:
    """Properties of examples.

    Attributes
    ----------
    shapes : Counter
        Examples by shape, colours left out: (rows, columns), or (features,).
    coloured : bool
        Whether the pictures have three channels.
    varied : bool
        Whether the channels of any picture differ, so that it has colours.
    light : int
        Pictures whose edge is light.
    depth : int
        Bits of the integers: 8 or 16; 0 for other numbers.
    low, high : float
        Least and greatest value.
    rate : int
        Samples a second of recordings; 0 for anything else.
    worded : int
        Columns of words of a table, whose places are no values.
    """

    shapes: Counter = field(default_factory=Counter)
    coloured: bool = False
    varied: bool = False
    light: int = 0
    depth: int = 8
    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    types: set = field(default_factory=set)
    rate: int = 0
    worded: int = 0

    def see(self, examples):
        """Take examples of one shape into account: ndarray, shape (n, ...)."""
        self.types.add(examples.dtype.str[1:])
        self.low = min(self.low, float(examples.min()))
        self.high = max(self.high, float(examples.max()))
        if examples.dtype.kind == "f" and self.whole:
            self.whole = bool((examples == np.floor(examples)).all())
        colours = examples.ndim == 4 and examples.shape[3] == 3
        self.coloured |= colours
        if colours and not self.varied:
            self.varied = bool((examples != examples[..., :1]).any())
        self.shapes[examples.shape[1:3]] += len(examples)
        if examples.ndim > 2 and examples.dtype == np.uint8:
            shades = grey(examples if colours else examples.reshape(examples.shape[:3]))
            self.light += int((np.median(edge(shades), axis=1) > 127).sum())

    def leave_out(self, categories, examples):
        """Leave out the columns of words of a table, of which ``categories`` has the words."""
        numbers = [place for place, words in enumerate(categories) if not words]
        self.worded = len(categories) - len(numbers)
        if self.worded and numbers:
            self.low, self.high = (float(value) for value in (examples[:, numbers].min(),
                                                              examples[:, numbers].max()))

    def close(self):
        """Decide about the depth when everything was seen."""
        depths = {depth_of(np.dtype(f"<{name}")) for name in self.types}
        if depths <= {8, 16}:
            self.depth = max(depths)
        elif self.whole and self.low >= 0 and self.high < 2**16 and (
                self.high > 1 or depths != {0} or "f" not in "".join(self.types)):
            self.depth = 8 if self.high < 2**8 else 16
        else:
            self.depth = 0
        return self


def survey(part, what, keep=True):
    """Look at a part's examples.

    Returns
    -------
    Part
        The part without examples that could not be read.
    Survey
    list of str
        The examples that could not be read, each with the reason.
    """
    seen = Survey()
    if isinstance(part.examples, np.ndarray):
        for start in range(0, len(part), 4096):
            seen.see(part.examples[start:start + 4096])
        return part, seen.close(), []
    kept, rows, pixels, failed, group = [], [], 0, [], []
    for index in progress(range(len(part)), what=f"reading {what}",
                          unit=getattr(part.examples, "unit", "pictures"), delay=2):
        try:
            picture = part.examples[index]
        except (ValueError, OSError) as error:
            failed.append(explain(error))
            continue
        rows.append(index)
        pixels += picture.size
        if pixels <= KEPT and keep:
            kept.append(picture)
        if group and not alike(group, picture):
            seen.see(np.stack(group))
            group = []
        group.append(picture)
    if group:
        seen.see(np.stack(group))
    if not rows:
        raise ValueError(f"{what} must hold pictures that can be read: none of {len(part)} can; "
                         f"the first: {failed[0]}" if failed else f"{what} must hold pictures")
    part = part.of(np.array(rows))
    if len(kept) == len(rows):
        part = Part(Decoded(kept), part.labels, part.names)
    return part, seen.close(), failed


class Decoded:
    """Pictures that are in memory, of any sizes."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.pictures[index]

    def of(self, rows):
        """Return the pictures of these rows alone."""
        return Decoded([self.pictures[row] for row in rows])
