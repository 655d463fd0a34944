"""Writes the pictures that a network saw, one file each and one contact sheet."""

import re
from pathlib import Path

from ..conversion import Row
from ..data.sheet import MOST, pixels_of, save, save_sheet


class Show:
    """Folder that takes the pictures that a network saw.

    Parameters
    ----------
    folder : path-like
        Where they go: ``00001-NAME.png``, ... and ``sheet.png``.
    conversion : sw.conversion.Picture or sw.sound.Sound
        How the pictures came about.
    input_bits : int
        Width of a value of an input.
    labels : tuple of str
        Names of the classes.

    Raises
    ------
    ValueError
        If the network takes numbers without places.
    """

    def __init__(self, folder, conversion, input_bits, labels):
        if isinstance(conversion, Row):
            raise ValueError("--show must have a network of pictures: this one takes rows of "
                             "numbers (--size ROWSxCOLUMNS makes pictures of them)")
        self.folder = Path(folder)
        self.conversion = conversion
        self.input_bits = input_bits
        self.labels = labels
        self.count = 0
        self._first, self._captions = [], []

    def see(self, images, names, labels):
        """Write the pictures of a batch."""
        pictures = pixels_of(images, self.conversion, self.input_bits)
        for pixels, name, label in zip(pictures, names, labels, strict=True):
            self.count += 1
            stem = re.sub(r"[^\w.-]+", "_", Path(name).stem).strip("._")[-60:] or "example"
            save(self.folder / f"{self.count:05}-{stem}.png", pixels)
            if self.count <= MOST:
                self._first.append(pixels)
                self._captions.append(_caption(self.labels, int(label)))

    def close(self):
        """Write the contact sheet; return a sentence on what was written."""
        path = self.folder / "sheet.png"
        shown = save_sheet(path, self._first, self._captions)
        what = "1 picture" if self.count == 1 else f"{self.count:,} pictures"
        these = "all" if shown == self.count else f"the first {shown}"
        return f"wrote {what} that the network saw to {self.folder}, {these} on {path}"


def _caption(labels, place):
    """Return the name of a class, or its number where Pillow's font lacks letters."""
    return labels[place] if labels[place].isascii() else f"class {place}"
