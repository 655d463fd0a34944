"""Chooses the conversion of a dataset: what the user says, else a guess that is said aloud."""

import numpy as np

from ..conversion import TOP, Picture, Row, square
from ..sound import Sound
from .form.categories import occurring
from .form.table import pixels


LARGEST = 64  # rows or columns of pictures that are taken in their own size
USUAL = 32    # rows or columns of the input for larger pictures
PLANES = 0.65  # ratio of differences of rows of planes: 0.33 of CIFAR-10's, 0.98 of colours in turn
MOST = 5, 95  # percentiles of a column between which most values lie
REACH = 10    # spreads of these beyond which a value is cut


def conversion_of(raw, seen, options):
    """Choose the conversion of a dataset's training part.

    Parameters
    ----------
    raw : sw.data.raw.Raw
        The dataset. Rows of pixels become pictures.
    seen : sw.data.survey.Survey
        Of its training part.
    options : sw.data.options.Options
        What the user says.

    Returns
    -------
    Picture, Row or Sound
    list of str
        Sentences on what was guessed, each with the option that changes it.
    """
    said = []
    if seen.rate:
        return _sound(raw, seen.rate, options, said), said
    examples = raw.train.examples
    if isinstance(examples, np.ndarray) and examples.ndim == 2:
        shape = _shape_of_rows(raw, examples, options, said)
        if shape is None:
            return _row(raw, examples, options, said), said
        if len(shape) == 3:
            _refuse_planes(raw.path, examples, shape)
        reshape_rows(raw, shape, options)
        seen.shapes = {shape[:2]: len(examples)}
        seen.coloured = len(shape) == 3
    elif options.size == "flat":
        raise ValueError(f"Size must be ROWSxCOLUMNS for pictures: {raw.path} holds pictures, "
                         f"not rows of numbers")
    return _picture(raw, seen, options, said), said


def reshape_rows(raw, shape, options):
    """Make pictures of the rows of pixels of both parts; ``shape`` is that of a picture."""
    for part in filter(None, (raw.train, raw.test)):
        if isinstance(part.examples, np.ndarray) and part.examples.ndim == 2:
            part.examples = part.examples.reshape(len(part), *shape)


def _shape_of_rows(raw, examples, options, said):
    """Return the shape of the pictures that rows of pixels are, or None if they are none."""
    count = examples.shape[1]
    if raw.categories and options.size not in (None, "flat"):
        raise ValueError(f"Size must be given for pixels: {raw.path} has columns of words (leave "
                         f"--size out, or the columns with --drop)")
    if options.size == "flat" or raw.categories:
        return None
    wanted = options.size
    if wanted is not None:
        wanted = wanted[::-1] if options.transpose else wanted
        colours = count // (wanted[0] * wanted[1])
        if colours in (1, 3) and colours * wanted[0] * wanted[1] == count:
            return wanted if colours == 1 else (*wanted, 3)
        if square(count) is None:
            raise ValueError(f"Size must have as many pixels as {raw.path} has numbers a row: "
                             f"{wanted[0]} x {wanted[1]} is not {count}")
        return square(count)
    asked = options.fit not in (None, "as-is") or options.transpose or options.invert
    shape = square(count) if asked or _are_pixels(raw, examples) else None
    if asked and shape is None:
        raise ValueError(f"Size of the pictures in {raw.path} must be given: {count} numbers a row "
                         f"are no square (--size ROWSxCOLUMNS)")
    if shape is not None:
        said.append(f"rows of {count} numbers are pictures of {shape[0]} x {shape[1]} pixels "
                    f"(--size flat: they are not)")
    return shape


def _refuse_planes(path, examples, shape):
    """Raise ValueError if rows hold all red, then all green, then all blue, as CIFAR's files do.

    The three colours of a pixel differ less than pixels far from each other. So numbers that lie a
    plane apart are nearer to each other in such rows than those a quarter of a plane further on.
    """
    rows, plane = examples[:1000].astype(np.float64), shape[0] * shape[1]
    apart, further = (np.abs(rows[:, :-distance] - rows[:, distance:]).mean()
                      for distance in (plane, plane + plane // 4))
    if apart < PLANES * further:
        raise ValueError(f"Rows of {path} must have the three colours of a pixel side by side: "
                         f"they look like a red, a green and a blue plane (give an array of n x "
                         f"{shape[0]} x {shape[1]} x 3: rows.reshape(-1, 3, {shape[0]}, "
                         f"{shape[1]}).transpose(0, 2, 3, 1))")


def _are_pixels(raw, examples):
    """Return whether rows look like pictures; without telling names, they must be bright, too."""
    if raw.header:
        return pixels(raw.columns, examples)
    names = [f"column {place + 1}" for place in range(examples.shape[1])]
    return examples.max() > TOP // 2 and pixels(names, examples)


def _row(raw, examples, options, said):
    """Return the conversion of rows: columns of 0..255 stay, others are scaled by their range."""
    if options.fit not in (None, "as-is") or options.transpose or options.invert:
        raise ValueError(f"{raw.path} must hold pictures to be cut, turned or inverted: it holds "
                         f"rows of {examples.shape[1]} numbers (--size ROWSxCOLUMNS makes pictures "
                         f"of them)")
    names = {"columns": raw.columns if raw.header else (),
             "places": () if raw.header else raw.places, "width": 0 if raw.header else raw.width,
             "categories": occurring(raw.categories, examples)}
    if options.range is not None or options.fit == "as-is":
        low, high = options.range or (0.0, float(TOP))
        return Row(low=(float(low),), high=(float(high),), **names)
    octets = ((examples == np.floor(examples)) & (examples >= 0) & (examples <= TOP)).all(axis=0)
    octets |= [bool(words) for words in raw.categories or [None] * len(octets)]
    low, high = _bounds(examples)
    low, high = np.where(octets, 0, low), np.where(octets, TOP, high)
    high = np.where(high > low, high, low + 1)
    if not (np.isfinite(high).all() and (high > low).all()):
        raise ValueError(f"{raw.path} must have columns with a finite range")
    if octets.all():
        low, high = low[:1], high[:1]
    row = Row(low=tuple(low.tolist()), high=tuple(high.tolist()), **names)
    cut = ((examples < low) | (examples > high)).sum(axis=0)
    said.extend(f"{row.column(place)}: {cut[place]:,} of {len(examples):,} values far from the "
                f"others are cut to {low[place]:g}..{high[place]:g} (--range LOW,HIGH: one range "
                f"for all columns)" for place in np.flatnonzero(cut))
    return row


def _bounds(examples):
    """Return the least and the greatest value of each column that are not far from the others.

    A column of a few huge values would become almost one input: what lies more than :data:`REACH`
    times the spread of most values beyond them is cut.
    """
    least, greatest = (edge.astype(np.float64) for edge in (examples.min(0), examples.max(0)))
    few, many = np.percentile(examples, MOST, axis=0)
    reach = np.where(many > few, REACH * (many - few), np.inf)
    return np.maximum(least, few - reach), np.minimum(greatest, many + reach)


def _sound(raw, rate, options, said):
    """Return the conversion of recordings; ``--size`` gives bands and windows."""
    for name, value in (("--size flat", options.size == "flat"), ("--range", options.range),
                        (f"--{options.fit}", options.fit), ("--invert", options.invert),
                        ("--transpose", options.transpose), ("--colour", options.colours == 3)):
        if value:
            raise ValueError(f"{name} must be given for pictures or numbers: {raw.path} holds "
                             f"recordings (--size BANDSxWINDOWS can be given)")
    window = 256 if rate < 12_000 else 512  # some 30 ms
    bands, frames = options.size or (Sound.bands, Sound.frames)
    if options.size is None:
        said.append(f"a recording becomes {bands} bands of {frames} windows (--size "
                    f"BANDSxWINDOWS: others)")
    return Sound(rate, bands, frames, window, high=rate * 19 // 40)


def _picture(raw, seen, options, said):
    shapes = [shape[::-1] for shape in seen.shapes] if options.transpose else list(seen.shapes)
    known = raw.known or {}
    size = options.size or known.get("size") or _size(shapes, said)
    fit = options.fit or known.get("fit") or _fit(shapes, size, said)
    colours = options.colours or known.get("colours")
    if colours is None:
        folder = not isinstance(raw.train.examples, np.ndarray)
        colours = 3 if seen.coloured and not folder and fit != "drawing" else 1
        if seen.varied:
            said.append("colours become grey (--colour keeps them)" if colours == 1 else
                        "colours are kept (--grey: they become grey)")
    transpose = options.transpose
    if transpose is None:
        transpose = bool(known.get("transpose"))
        if transpose:
            said.append("rows and columns change places, as EMNIST's files need "
                        "(--no-transpose: they do not)")
    invert = options.invert
    if invert is None:
        invert = None if fit == "drawing" else False
        if fit != "drawing" and 2 * seen.light > sum(seen.shapes.values()):
            said.append("most pictures are light at their edge and stay so (--invert: light "
                        "becomes dark)")
    depth, low, high = _range(seen, options, said)
    return Picture(size, colours=colours, fit=fit, depth=depth, low=low, high=high,
                   transpose=transpose, invert=invert)


def _size(shapes, said):
    if len(shapes) == 1 and max(shapes[0]) <= LARGEST:
        return shapes[0]
    if len(shapes) == 1:
        factor = USUAL / max(shapes[0])
        size = tuple(max(1, round(extent * factor)) for extent in shapes[0])
        reason = f"pictures of {shapes[0][0]} x {shapes[0][1]} pixels"
    else:
        size, reason = (USUAL, USUAL), f"pictures of {len(shapes)} different sizes"
    said.append(f"{reason} become {size[0]} x {size[1]} (--size HxW: another size)")
    return size


def _fit(shapes, size, said):
    kept = all(abs(rows * size[1] - columns * size[0]) <= max(rows, columns) / 2
               for rows, columns in shapes)
    fit = "as-is" if kept else "photo"
    said.append({"as-is": "pictures are taken as they are (--drawing: cut out and centred)",
                 "photo": "the middle of each picture is taken (--as-is: the whole, stretched; "
                          "--drawing: cut out and centred)"}[fit])
    return fit


def _range(seen, options, said):
    """Return depth, low and high of a dataset's numbers."""
    if options.range is not None:
        return (seen.depth, *map(float, options.range))
    low, high = seen.low, seen.high
    if seen.depth == 8 and high > TOP // 2:
        return 8, 0.0, float(TOP)
    if high <= low:
        return (seen.depth, 0.0, float(TOP)) if seen.depth else (0, low, low + 1)
    if 0 <= low <= high / 2:
        low = 0.0
    if seen.depth == 0 and low == 0 and high <= 1:
        high = 1.0
    said.append(f"values {low:g}..{high:g} become 0..{TOP} (--range LOW,HIGH: others do)")
    return seen.depth, low, high
