"""Names beside points of a picture, so that no name covers another name or a point."""

from math import cos, pi, sin


DIRECTIONS = 16  # around a point, in which its name may lie
DISTANCES = (7, 13, 20, 28, 38)  # points from the marker to the name's nearest edge, about
MARKER = 4  # half the size of a marker, in points
LINE_FROM = 13  # points: names that are as far away get a line to their marker


def place(axes, named, taken=(), *, size=7):
    """Write a name beside each point, the most crowded one first.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes whose limits and place in the figure are final.
    named : sequence of (float, float, str, str)
        Coordinates in the units of the axes, name, colour.
    taken : iterable of matplotlib.artist.Artist
        Artists, such as a legend, that no name may cover.
    size : float
        Size of the font, in points.

    Returns
    -------
    list of matplotlib.text.Annotation
        In the order of ``named``.
    """
    scale = axes.figure.dpi / 72  # pixels of a point
    spots = [tuple(axes.transData.transform((x, y))) for x, y, _, _ in named]
    boxes = [_around(x, y, MARKER * scale, MARKER * scale) for x, y in spots]
    boxes += [artist.get_window_extent().extents for artist in taken]
    texts = {}
    crowded = sorted(range(len(named)), key=lambda index: -_neighbours(spots, index, 60 * scale))
    for index in crowded:
        x, y, name, colour = named[index]
        text = axes.annotate(name, (x, y), xytext=(0, 0), textcoords="offset points",
                             fontsize=size, color=colour, horizontalalignment="center",
                             verticalalignment="center")
        text.set_in_layout(False)  # the axes stay where they are
        box = text.get_window_extent()
        half = box.width / 2, box.height / 2
        candidates = _candidates(spots[index], half, boxes, axes.bbox.extents, scale)
        _, distance, moved = min(candidates, key=lambda found: found[:2])
        text.set_position((moved[0] / scale, moved[1] / scale))
        if distance >= LINE_FROM:
            _connect(axes, (x, y), _edge(moved, half, scale), colour)
        boxes.append(_around(spots[index][0] + moved[0], spots[index][1] + moved[1], *half))
        texts[index] = text
    return [texts[index] for index in range(len(named))]


def overlap(one, other):
    """Return the area that two boxes, (left, bottom, right, top) each, have in common."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0) * max(high, 0)


def _around(x, y, wide, high):
    return x - wide, y - high, x + wide, y + high


def _neighbours(spots, index, reach):
    """Return how many points lie near one."""
    x, y = spots[index]
    return sum(abs(a - x) < reach and abs(b - y) < reach for a, b in spots)


def _candidates(spot, half, boxes, inside, scale):
    """Yield places of a name: the area that it covers there, its distance, its middle in pixels."""
    for distance in DISTANCES:
        for number in range(DIRECTIONS):
            angle = pi / 2 + 2 * pi * number / DIRECTIONS  # above the point first
            x = cos(angle) * (distance * scale + half[0])
            y = sin(angle) * (distance * scale + half[1])
            box = _around(spot[0] + x, spot[1] + y, *half)
            covered = sum(overlap(box, other) for other in boxes)
            outside = 4 * half[0] * half[1] - overlap(box, inside)
            yield round(covered + outside), distance, (x, y)


def _connect(axes, point, end, colour):
    """Draw a thin line from a point to ``end``, which is relative to it, in points."""
    line = axes.annotate("", point, xytext=end, textcoords="offset points",
                         arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5,
                                     "shrinkA": 0, "shrinkB": MARKER})
    line.set_in_layout(False)


def _edge(moved, half, scale):
    """Return the point of a name's box that is nearest to its marker, in points."""
    return tuple(max(abs(place) - size, 0) * (1 if place > 0 else -1) / scale
                 for place, size in zip(moved, half, strict=True))
