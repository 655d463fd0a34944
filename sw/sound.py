"""Conversion of sounds: how a recording becomes the input of a network, as plain data.

The arithmetic is in :mod:`sw.data.logmel`.
"""

from dataclasses import dataclass
from typing import ClassVar


RATES = (8_000, 16_000)  # samples a second, least and most
WINDOWS = (64, 128, 256, 512)
BANDS = (4, 64)     # least and most
FRAMES = (2, 256)
TRIMS = (0, 4096)


@dataclass(frozen=True)
class Sound:
    """Conversion of recordings to a picture of ``bands`` rows and ``frames`` columns.

    Attributes
    ----------
    rate : int
        Samples a second.
    bands : int
        Bands on the mel scale, the lowest first: rows of the input.
    frames : int
        Windows that are spread evenly over the recording: columns of the input.
    window : int
        Samples of a window.
    low, high : int
        Lower edge of the first band and upper edge of the last one, in Hz.
    trim : int
        Blocks at both ends are left out that are so many times quieter than the loudest one. 0:
        none is.
    """

    kind: ClassVar[str] = "sound"
    takes: ClassVar[str] = "sound"
    colours: ClassVar[int] = 1

    rate: int
    bands: int = 20
    frames: int = 24
    window: int = 256
    low: int = 100
    high: int = 3800
    trim: int = 16

    def __post_init__(self):
        for name, (least, most) in (("rate", RATES), ("bands", BANDS), ("frames", FRAMES),
                                    ("low", (0, RATES[1])), ("high", (0, RATES[1])),
                                    ("trim", TRIMS)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ValueError(f"{name.capitalize()} of a sound must be in {least}..{most}: "
                                 f"{value!r}")
        if self.window not in WINDOWS:
            raise ValueError(f"Window of a sound must be one of {', '.join(map(str, WINDOWS))} "
                             f"samples: {self.window!r}")
        if not self.low < self.high <= self.rate // 2:
            raise ValueError(f"Bands of a sound must rise from low to high, up to half of its rate "
                             f"{self.rate} Hz: {self.low}..{self.high} Hz")

    @property
    def size(self):
        """Rows and columns of the network's input."""
        return self.bands, self.frames

    @property
    def inputs(self):
        """Number of values that the conversion gives."""
        return self.bands * self.frames

    def words(self):
        """Yield what is done to a recording, as short sentences."""
        yield f"recordings of {self.rate:,} Hz"
        if self.trim:
            yield f"ends that are {self.trim} times quieter than the loudest part are left out"
        yield (f"the energy of {self.bands} bands from {self.low:,} to {self.high:,} Hz in "
               f"{self.frames} windows of {self.window} samples, as logarithm")
