"""Handshake of a window without the data, to predict when windows start."""

from functools import cache


__all__ = ["WindowModel", "last_window"]


class WindowModel:
    """Handshake of a :class:`Window` without the data: when it takes and gives what.

    Parameters
    ----------
    view : Geometry
        Geometry of the window.
    """

    def __init__(self, view):
        self.view = view
        self.taken = 0  # positions of all maps so far
        self.map = self.row = self.column = self.pending = 0

    @property
    def ready(self):
        """Whether a position may come: no row that a window still reads is overwritten."""
        centre = self.map * self.view.height + self.row * self.view.stride
        return self.taken < (centre + self.view.ahead) * self.view.width + self.column

    def tick(self, taken, free):
        """Advance one cycle; return whether a window starts.

        ``taken`` says whether a position is taken, ``free`` whether the queue has a slot.
        """
        view = self.view
        lowest = self.map * view.height + view.lowest(self.row)
        come = self.taken - lowest * view.width - self.column
        enough = come >= (max(1, self.pending) if self.column == 0 else 1)
        place = view.width + view.edges - self.pending if self.pending else self.column
        starts = view.centre(place)
        advances = (enough or (self.pending and self.column == 0)) and (free or not starts)
        self.taken += taken
        if not advances:
            return False
        self.pending = max(0, self.pending - 1)
        if enough:
            self.column += 1
        if self.column == view.width:
            self.column, self.pending, self.row = 0, view.edges, self.row + 1
        if self.row == view.rows:
            self.row, self.map = 0, self.map + 1
        return starts


@cache
def last_window(view):
    """Return the cycles from a lone map's last position until its last window starts.

    The number is negative if the last window ends before the map does.
    """
    model, started, cycle = WindowModel(view), 0, 0
    while started < view.rows * view.columns:
        started += model.tick(model.taken < view.height * view.width and model.ready, True)
        cycle += 1
    return cycle - view.height * view.width
