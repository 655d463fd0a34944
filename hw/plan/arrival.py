"""How images come to an accelerator: the cycles that a bus needs for one, the pixels of a beat."""

from dataclasses import dataclass
from math import ceil


__all__ = ["ANY", "Arrival"]


@dataclass(frozen=True)
class Arrival:
    """Bounds of what brings images to an accelerator.

    Attributes
    ----------
    cycles : int
        Cycles in which an image comes. A shorter interval is of no use.
    pixels : int or None
        Pixels of a beat; None leaves them to the solver.
    """

    cycles: int = 1
    pixels: int | None = None

    def check(self, network, interval, clock_hz, images_per_second):
        """Raise ValueError if beats of so many pixels are too narrow for a rate."""
        beats = ceil(network.inputs / self.pixels) if self.pixels else 1
        if beats > interval:
            raise ValueError(f"Images per second must be at most {clock_hz / beats:,.0f}, as an "
                             f"image comes in {beats:,} beats of {self.pixels} pixels at "
                             f"{clock_hz / 1e6:g} MHz: {images_per_second:,.0f} (raise --freq or "
                             f"--data-width)")


ANY = Arrival()
