"""Conversion: how a picture, row or recording becomes the input of a network, as plain data.

The arithmetic is in :mod:`sw.data.convert`. A network and its checkpoint store their conversion, so
that every command treats a user's file as training treated the dataset.
"""

import json
from dataclasses import asdict, dataclass
from dataclasses import fields as fields_of
from math import isqrt, prod
from typing import ClassVar

import numpy as np

from .row import TOP, Row, ordered
from .sound import Sound
from .store import fields


FITS = ("as-is", "drawing", "photo")
YOUNGER = ("categories",)  # fields that are written only where they say anything


@dataclass(frozen=True)
class Picture:
    """Conversion of pictures. The steps are done in the order of the attributes.

    Attributes
    ----------
    depth : int
        Bits of the training pictures' integers: 8 or 16; 0 for numbers of any kind.
    low, high : float
        Values that become 0 and the greatest input. Values beyond are cut.
    colours : int
        1: colours become grey. 3: red, green and blue.
    transpose : bool
        Whether rows and columns change places.
    invert : bool or None
        Whether light becomes dark. None: where the edge of the picture is light.
    fit : str
        ``"as-is"``: the whole picture, stretched to ``size`` if it has another. ``"photo"``: the
        middle of the picture in the proportions of ``size``. ``"drawing"``: the drawing is cut out,
        scaled to MNIST's box and centred, unless the picture has ``size``.
    size : tuple of int
        Rows and columns of the network's input.
    """

    kind: ClassVar[str] = "picture"
    takes: ClassVar[str] = "picture"

    size: tuple
    colours: int = 1
    fit: str = "as-is"
    depth: int = 8
    low: float = 0.0
    high: float = float(TOP)
    transpose: bool = False
    invert: bool | None = False

    def __post_init__(self):
        object.__setattr__(self, "size", tuple(self.size))
        _numbers(self, "low", "high")
        if len(self.size) != 2 or not all(_whole(extent) and extent > 0 for extent in self.size):
            raise ValueError(f"Size of a picture must be rows and columns: {self.size}")
        _one_of("Colours", self.colours, (1, 3))
        _one_of("Fit", self.fit, FITS)
        _one_of("Depth", self.depth, (0, 8, 16))
        _one_of("Transpose", self.transpose, (False, True))
        _one_of("Invert", self.invert, (False, True, None))
        ordered(self.low, self.high)
        if self.fit == "drawing" and self.colours == 3:
            raise ValueError("A drawing must be grey: cut it out with --grey, or use --photo")

    @property
    def inputs(self):
        """Number of values that the conversion gives."""
        return self.size[0] * self.size[1] * self.colours

    def words(self):
        """Yield what is done to a picture, as short sentences."""
        rows, columns = self.size
        if self.depth == 0 or (self.low, self.high) != (0, 2**self.depth - 1):
            yield f"values {self.low:g}..{self.high:g} become 0..{TOP}"
        yield "colours become grey" if self.colours == 1 else "red, green and blue"
        if self.transpose:
            yield "rows and columns change places"
        if self.invert is None:
            yield "a light background becomes dark"
        elif self.invert:
            yield "light becomes dark"
        yield {"as-is": f"the whole picture, scaled to {rows} x {columns} if it has another size",
               "photo": f"the middle of the picture, scaled to {rows} x {columns}",
               "drawing": f"the drawing is cut out and centred in {rows} x {columns} pixels, as "
                          f"MNIST's digits are; a picture of this size stays"}[self.fit]


KINDS = {kind.kind: kind for kind in (Picture, Row, Sound)}


def to_json(conversion):
    """Return a conversion as a dict for JSON."""
    content = {"kind": conversion.kind, **asdict(conversion)}
    for name in YOUNGER:
        if not content.get(name, True):
            del content[name]
    return content


def from_json(content):
    """Return the conversion of a dict that :func:`to_json` made; anything else is a ValueError."""
    kind = KINDS.get(content.get("kind")) if isinstance(content, dict) else None
    if kind is None:
        raise ValueError(f"Conversion must be one of {', '.join(KINDS)}: {content!r}")
    names = {field.name for field in fields_of(kind)}
    given = {name: value for name, value in content.items() if name != "kind"}
    if not names - set(YOUNGER) <= set(given) <= names:
        raise ValueError(f"Conversion must have the fields {', '.join(sorted(names))}: "
                         f"{', '.join(map(str, given))}")
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"Conversion must have fields of their types: {error}") from None


def of_arrays(arrays, input_shape, provenance):
    """Return the conversion in a file's arrays, or the meaning of files without one."""
    if "conversion" in arrays:
        return from_json(fields.content(arrays, "conversion"))
    return legacy(input_shape, provenance)


def to_arrays(network):
    """Return the arrays that hold the conversion of a network or checkpoint, for its file."""
    if unwritten(network.conversion, network.input_shape):
        return {}
    return {"conversion": np.array(json.dumps(to_json(network.conversion), sort_keys=True))}


def legacy(input_shape, provenance):
    """Return the meaning of a network file without a conversion.

    Grey pictures are drawings as MNIST's, colour pictures are photos, and anything else is numbers
    0..255, or of the ranges that the provenance has under ``scaled``.
    """
    rows, columns, colours = picture_shape(input_shape, channels_first=False) or (0, 0, 0)
    if colours == 1:
        return Picture((rows, columns), fit="drawing", invert=None)
    if colours == 3:
        return Picture((rows, columns), colours=3, fit="photo")
    scaled = provenance.get("scaled")
    ranges = scaled if isinstance(scaled, dict) else {}
    try:
        return Row(scaled=tuple((name, float(bounds["low"]), float(bounds["high"]))
                                for name, bounds in sorted(ranges.items())))
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"Field 'scaled' of the provenance must have low and high of columns: "
                         f"{scaled!r}") from None


def as_is(input_shape, input_bits=8):
    """Return the conversion that changes nothing, the meaning of a network of plain arrays."""
    top = float(2**input_bits - 1)
    rows, columns, colours = picture_shape(input_shape) or (0, 0, 0)
    if colours:
        return Picture((rows, columns), colours=colours, depth=8 if input_bits <= 8 else 16,
                       high=top)
    return Row(high=(top,))


def picture_shape(input_shape, channels_first=True):
    """Return rows, columns and colours of an input shape, or None if it is none of a picture.

    Shapes of a picture are (rows, columns), (rows, columns, 1 or 3) and, unless told otherwise,
    (1 or 3, rows, columns).
    """
    shape = tuple(input_shape)
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape
    if channels_first and len(shape) == 3 and shape[0] in (1, 3):
        return (*shape[1:], shape[0])
    return None


def check(conversion, input_shape):
    """Check that a conversion gives inputs of a network's shape."""
    if isinstance(conversion, Picture):
        shape = picture_shape(input_shape)
        if shape not in (None, (*conversion.size, conversion.colours)) \
                or conversion.inputs != prod(input_shape):
            raise ValueError(f"Conversion must give the inputs of the network, of shape "
                             f"{tuple(input_shape)}: it gives {conversion.size[0]} x "
                             f"{conversion.size[1]} pixels of {conversion.colours} colours")
        return
    if isinstance(conversion, Sound):
        if tuple(input_shape) != conversion.size:
            raise ValueError(f"Conversion must give the inputs of the network, of shape "
                             f"{tuple(input_shape)}: it gives {conversion.bands} bands of "
                             f"{conversion.frames} windows")
        return
    conversion.check(input_shape)


def unwritten(conversion, input_shape):
    """Return whether a conversion is the meaning of files without one, which do not state it."""
    return bool(isinstance(conversion, Row) and conversion.scaled) \
        or conversion == legacy(input_shape, {})


def square(inputs):
    """Return rows and columns of a square picture of so many pixels, or None."""
    side = isqrt(inputs)
    return (side, side) if side * side == inputs and side > 1 else None


def _numbers(conversion, *names):
    for name in names:
        value = getattr(conversion, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"Conversion's {name} must be a number: {value!r}")
        object.__setattr__(conversion, name, float(value))


def _one_of(what, value, known):
    if not any(value is entry or (value == entry and type(value) is type(entry))
               for entry in known):
        raise ValueError(f"{what} must be one of {', '.join(map(str, known))}: {value!r}")


def _whole(value):
    return isinstance(value, int) and not isinstance(value, bool)
