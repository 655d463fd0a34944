"""Random changes of recordings' features in batches: other voices, rooms and tempos."""

from dataclasses import dataclass
from math import pi

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Voice:
    """Bounds of the changes. Each recording draws its own changes within them.

    A longer vocal tract scales and moves the bands (Jaitly and Hinton, Vocal tract length
    perturbation improves speech recognition, 2013). Rooms and microphones make bands louder or
    quieter, and hide quiet ones under noise. A feature is a logarithm of energy, 255 the loudest.

    Attributes
    ----------
    stretch, move : float
        Relative change of the bands' spacing, and their shift in part of all bands.
    tempo, begin, uneven : float
        Relative change of the tempo, shift in part of the recording, and displacement of its
        middle and its quarters, in part of half a recording.
    colour : float
        Standard deviation of a band's change, in features.
    noise : float
        Highest mean of noise, in features.
    noisy : float
        Share of recordings with noise.
    """

    stretch: float = 0.15
    move: float = 0.08
    tempo: float = 0.15
    begin: float = 0.08
    uneven: float = 0.12
    colour: float = 10.0
    noise: float = 90.0
    noisy: float = 0.7

    def times(self, factor):
        """Return all bounds times ``factor``; a share is at most 1."""
        bounds = {name: factor * bound for name, bound in vars(self).items()}
        return Voice(**{**bounds, "noisy": min(1.0, bounds["noisy"])})

    @property
    def nothing(self):
        return not any(vars(self).values())

    def of(self, images):
        """Return a function that changes recordings like these.

        The function takes float32 (n, bands, windows) and a random generator on the processor. It
        returns the same shape, in 0..255.
        """
        bands, windows = images.shape[1:3]
        device = images.device
        across, down = (torch.linspace(-1, 1, count, device=device) for count in (windows, bands))
        waves = torch.stack([down, torch.cos(pi * down), torch.sin(pi * down),
                             torch.cos(2 * pi * down)])
        bends = torch.stack([torch.cos(pi * across / 2), torch.sin(pi * across)])

        def change(features, random):
            moved = self._moved(features, random, across, down, bends)
            drawn = torch.randn((len(features), len(waves)), generator=random).to(device)
            moved = moved + (self.colour * drawn @ waves)[:, :, None]
            moved = moved - moved.amax((1, 2), keepdim=True) + TOP
            return self._hidden(moved, random, down).clamp(0, TOP)

        return change

    def _moved(self, features, random, across, down, bends):
        """Return recordings of other tempos and vocal tracts; the edges go on beyond them."""
        count, bands, windows = features.shape
        drawn = (torch.rand((6, count, 1), generator=random) * 2 - 1).to(features.device)
        time = across * (1 + self.tempo * drawn[0]) + 2 * self.begin * drawn[1]
        time = time + self.uneven * drawn[2:4, :, 0].T @ bends
        band = down * (1 + self.stretch * drawn[4]) + 2 * self.move * drawn[5]
        grid = torch.stack([time[:, None, :].expand(count, bands, windows),
                            band[:, :, None].expand(count, bands, windows)], dim=-1)
        return functional.grid_sample(features[:, None], grid, mode="bilinear",
                                      padding_mode="border", align_corners=True)[:, 0]

    def _hidden(self, features, random, down):
        """Return recordings whose quiet parts are hidden by noise, in some of them."""
        drawn = torch.rand((3, len(features), 1, 1), generator=random).to(features.device)
        noise = torch.randn(features.shape, generator=random).to(features.device)
        noise = self.noise * drawn[0] + SLOPE * (drawn[1] - 0.75) * down[:, None] + ROUGH * noise
        return torch.where(drawn[2] < self.noisy, torch.maximum(features, noise), features)


TOP = 255
SLOPE = 40.0  # features by which noise rises or falls over the bands
ROUGH = 8.0   # standard deviation of noise from window to window, in features
