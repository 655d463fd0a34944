"""Conversion of a table's rows: how numbers and words become the input of a network, as plain data.

The arithmetic is in :mod:`sw.data.convert`.
"""

from dataclasses import dataclass
from math import isfinite, prod
from typing import ClassVar

from .layer.check import LABEL_LIMIT


TOP = 255  # greatest input of a network that takes octets
WORDS_LIMIT = 100  # words of a column


@dataclass(frozen=True)
class Row:
    """Conversion of rows of numbers and words.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns, in the order of the network's inputs. Empty if they have none: a row
        is then taken in its order.
    low, high : tuple of float
        Values that become 0 and the greatest input, one a column or one for all. Values beyond are
        cut.
    places : tuple of int
        Columns of the training file, from 0, if it has no header line. Empty: all in order.
    width : int
        Columns of the training file if ``places`` are given, else 0.
    scaled : tuple of (str, float, float)
        Columns of a network without stored conversion that have another range, by name.
    categories : tuple of (tuple of str or None)
        Words of each column, each of which is an input of its own: the greatest input in rows with
        this word, 0 in others. None for a column of numbers. Empty if no column has words.
    """

    kind: ClassVar[str] = "row"
    takes: ClassVar[str] = "picture"

    columns: tuple = ()
    low: tuple = (0.0,)
    high: tuple = (float(TOP),)
    places: tuple = ()
    width: int = 0
    scaled: tuple = ()
    categories: tuple = ()

    def __post_init__(self):
        for name in ("columns", "low", "high", "places"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "scaled", tuple(map(tuple, self.scaled)))
        object.__setattr__(self, "categories", tuple(map(_words, self.categories)))
        for low, high in zip(self.low, self.high, strict=True):
            ordered(low, high)
        if self.columns and len(self.low) not in (1, len(self.columns)):
            raise ValueError(f"Ranges of a row must be one a column: {len(self.low)}, not "
                             f"{len(self.columns)}")
        if self.categories and not any(self.categories):
            raise ValueError("Categories of a row must be left out where no column has words")

    @property
    def values(self):
        """Number of values that columns of numbers and words give."""
        return sum(len(words or (None,)) for words in self.categories)

    def check(self, input_shape):
        """Check that there is one of everything for each column of a network's input."""
        inputs = columns = prod(input_shape)
        if self.categories:
            columns = len(self.categories)
            if tuple(input_shape) != (self.values,):
                raise ValueError(f"Conversion must give the inputs of the network, of shape "
                                 f"{tuple(input_shape)}: its numbers and words are {self.values}")
        what = "columns" if columns != inputs else "inputs"
        for name, given in (("names", self.columns), ("places", self.places),
                            ("ranges", self.low if len(self.low) > 1 else ())):
            if given and len(given) != columns:
                raise ValueError(f"Conversion must have one of {name} for each of the {columns} "
                                 f"{what}: {len(given)}")

    def column(self, place):
        """Return the name of a column for people; ``place`` is that among the inputs."""
        if self.columns:
            return self.columns[place]
        return f"column {(self.places[place] if self.places else place) + 1}"

    def worded(self):
        """Return the names of the columns of words."""
        return [self.column(place) for place, words in enumerate(self.categories) if words]

    def words(self):
        """Yield what is done to a row, as short sentences."""
        names = ", ".join(self.columns[:6]) + (", …" if len(self.columns) > 6 else "")
        yield f"columns {names}, by name" if names else "numbers in their order"
        yield from self._ranges()
        for place, words in enumerate(self.categories):
            if words:
                shown = ", ".join(map(repr, words[:4])) + (", …" if len(words) > 4 else "")
                yield f"{self.column(place)}: an input for each of its words {shown} " \
                      f"({len(words)})"

    def _ranges(self):
        if len(self.low) == 1:
            if (self.low, self.high) != ((0.0,), (float(TOP),)):
                yield f"values {self.low[0]:g}..{self.high[0]:g} become 0..{TOP}"
            return
        other = [place for place, bounds in enumerate(zip(self.low, self.high, strict=True))
                 if bounds != (0, TOP) and not (self.categories and self.categories[place])]
        for place in other[:4]:
            yield (f"{self.column(place)}: {self.low[place]:g}..{self.high[place]:g} become "
                   f"0..{TOP}")
        if len(other) > 4:
            yield f"and {len(other) - 4} more columns"


def ordered(low, high):
    """Refuse a range that is not from a lower to a higher number."""
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ValueError(f"Range of values must be from a lower to a higher number: {low}..{high}")


def _words(words):
    """Return the words of a column as a tuple; refuse what cannot be words."""
    if words is None:
        return None
    if not isinstance(words, list | tuple) or not 1 <= len(words) <= WORDS_LIMIT \
            or not all(isinstance(word, str) and len(word) <= LABEL_LIMIT for word in words) \
            or len(set(words)) < len(words):
        raise ValueError(f"Categories of a column must be 1 to {WORDS_LIMIT} different words of at "
                         f"most {LABEL_LIMIT} characters")
    return tuple(words)
