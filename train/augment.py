"""Random affine and elastic distortion of grey images in batches, before they become bits."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import pi

import numpy as np
import torch
from torch.nn import functional

from .binarize import bipolar
from .voice import Voice


BATCH = 2500  # images distorted at once, few enough for their grid to stay in the cache
KNOTS = 4  # bumps along each axis that elastic distortion moves
POOL = 20  # epochs with a teacher's answers: more would take longer than the training itself


@dataclass(frozen=True)
class Distortion:
    """Bounds of the distortion. Each image draws its own distortion within them.

    Attributes
    ----------
    rotation : float
        Degrees.
    scale : float
        Relative change of size, each axis on its own.
    shear : float
        Tangent of the shear angle.
    shift : float
        Part of the image's size.
    elastic : float
        Standard deviation of the smooth displacement, in part of the image's size.
    """

    rotation: float = 12.0
    scale: float = 0.12
    shear: float = 0.15
    shift: float = 0.055
    elastic: float = 0.0

    def times(self, factor):
        """Return all bounds times ``factor``."""
        return Distortion(*(factor * bound for bound in vars(self).values()))

    @property
    def nothing(self):
        return not any(vars(self).values())

    def of(self, images):
        """Return a function that distorts pictures like these.

        The function takes float32 (n, height, width, ...) and a random generator on the processor.
        """
        functions, ground = basis(*images.shape[1:3]).to(images.device), ground_of(images)
        return lambda part, random: distort(part - ground, self, random, functions) + ground


def distortion_of(recipe):
    """Return the bounds of the distortion of a recipe's training examples."""
    bounds = Voice() if recipe.heard else Distortion(elastic=recipe.elastic)
    return bounds.times(recipe.augment)


def generator(*numbers):
    """Return a random generator whose numbers depend on the arguments alone."""
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state >> np.uint64(1)))


def basis(height, width):
    """Return the functions over the image whose sums are the coordinates to read from.

    Returns
    -------
    Tensor of float32, shape (3 + KNOTS**2, height * width)
        Constant, x, y in -1..1, then smooth bumps on a KNOTS by KNOTS grid.
    """
    x = ((torch.arange(width) * 2 + 1) / width - 1).repeat(height)
    y = ((torch.arange(height) * 2 + 1) / height - 1).repeat_interleave(width)
    knots = (torch.arange(KNOTS) * 2 + 1) / KNOTS - 1
    across, down = ((axis[None] - knots[:, None]) * KNOTS / 2 for axis in (x, y))
    bumps = torch.exp(-down.square())[:, None] * torch.exp(-across.square())[None]
    return torch.cat([torch.ones(1, len(x)), x[None], y[None], bumps.flatten(0, 1)])


def distort(images, distortion, random, functions):
    """Return distorted copies of images.

    Parameters
    ----------
    images : Tensor of float32, shape (n, height, width) or (n, height, width, colours)
        Grey levels, or colours.
    distortion : Distortion
        Bounds.
    random : torch.Generator
        Source of the distortions, on the processor.
    functions : Tensor
        Result of :func:`basis` for this size.

    Returns
    -------
    Tensor of float32, shape of ``images``
        Read with bilinear interpolation; 0 outside the image.
    """
    count, height, width = images.shape[:3]
    device = images.device
    drawn = (torch.rand((count, 6), generator=random) * 2 - 1).to(device)
    angle = drawn[:, 0] * distortion.rotation * pi / 180
    wide, high = 1 + drawn[:, 1] * distortion.scale, 1 + drawn[:, 2] * distortion.scale
    shear = drawn[:, 3] * distortion.shear
    cos, sin = torch.cos(angle), torch.sin(angle)
    move = drawn[:, 4:] * distortion.shift * 2
    parts = torch.zeros((2, count, len(functions)), device=device)
    parts[0, :, :3] = torch.stack([move[:, 0], wide * cos, shear - wide * sin], dim=1)
    parts[1, :, :3] = torch.stack([move[:, 1], high * sin, high * cos], dim=1)
    if distortion.elastic:
        bumps = torch.randn((2, count, KNOTS**2), generator=random).to(device)
        parts[:, :, 3:] = bumps * distortion.elastic * 2
    grid = (parts.flatten(0, 1) @ functions).view(2, count, height, width).permute(1, 2, 3, 0)
    channels = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
    read = functional.grid_sample(channels, grid, mode="bilinear", padding_mode="zeros",
                                  align_corners=False)
    return read[:, 0] if images.ndim == 3 else read.permute(0, 2, 3, 1)


def ground_of(images):
    """Return the grey level that surrounds pictures, which distortion draws in: 0 or 255.

    ``images`` are a Tensor of uint8, shape (n, height, width) or (n, height, width, colours).
    """
    edges = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    light = sum((part > 127).sum().item() for part in edges)
    return 255 if 2 * light > sum(part.numel() for part in edges) else 0


def encode(images, thresholds):
    """Return the encoder's bits as ±1.

    Parameters
    ----------
    images : Tensor of float32, shape (n, inputs)
        Grey levels or features, 0..255.
    thresholds : Tensor of float32, shape (inputs, levels)
        Thresholds of the encoder.

    Returns
    -------
    Tensor of bfloat16, shape (n, inputs * levels)
    """
    return bipolar(images[:, :, None] - thresholds).flatten(1)


def grey(images):
    """Return grey levels 0..255, of any shape (n, ...), as bfloat16 -1..1 (n, inputs)."""
    return (images.flatten(1) / 127.5 - 1).to(torch.bfloat16)


class Feed:
    """Training data of one epoch after the other, shuffled, distorted and encoded.

    An epoch's data depends on the seed and the epoch's number alone. A second thread makes the next
    epoch while the present one is used, on another core if there is one. With a teacher the first
    ``POOL`` epochs are used again and again.

    A feed is the context of a ``with`` statement. Inside it PyTorch computes with one thread, which
    is a setting of the process; at the end the setting is restored.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, ``*input_shape``)
    labels : Tensor of int64, shape (n,)
    thresholds : Tensor of float32, shape (inputs, levels), or None
        Thresholds of the encoder; None for grey levels instead of bits.
    distortion : Distortion or Voice
        Bounds. Only pictures can be distorted, whose inputs have two dimensions or three.
    seed, epochs : int
        Seed of all random numbers; number of the last epoch plus one.
    teacher : callable or None
        Returns logits, float32 (n, classes), for distorted pictures after :func:`grey`.
    """

    def __init__(self, images, labels, thresholds, *, distortion, seed, epochs, teacher=None):
        if images.ndim not in (3, 4) and not distortion.nothing:
            raise ValueError(f"Augmentation must be off for inputs that are no pictures: shape "
                             f"{tuple(images.shape[1:])} (use --augment 0)")
        self.images = images
        self.labels = labels
        self.thresholds = thresholds
        self.distortion = distortion
        self.seed = seed
        self.epochs = epochs
        self.teacher = teacher
        self._answers = {}
        self._distort = None if distortion.nothing else distortion.of(images)
        self._pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self._ahead = {}

    def __enter__(self):
        self._threads = torch.get_num_threads()
        return self

    def __exit__(self, *_):
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)

    def take(self, epoch):
        """Return bits, bfloat16 ±1 (n, inputs * levels), labels and teacher's logits, or None."""
        present = self._ahead.pop(epoch, None) or self._pool.submit(self.make, epoch)
        if epoch + 1 < self.epochs:
            self._ahead = {epoch + 1: self._pool.submit(self.make, epoch + 1)}
        return present.result()

    def make(self, epoch):
        """Make an epoch's data."""
        version = epoch if self.teacher is None else epoch % POOL
        random = generator(self.seed, 1 + version)
        order = torch.randperm(len(self.images), generator=random)
        inputs = self.images[0].numel() if self.thresholds is None else self.thresholds.numel()
        bits = torch.empty((len(order), inputs), dtype=torch.bfloat16)
        answers = []
        for start in range(0, len(order), BATCH):
            images = self.images[order[start:start + BATCH]].float()
            if self._distort is not None:
                images = self._distort(images, random)
            bits[start:start + BATCH] = (grey(images) if self.thresholds is None
                                         else encode(images.flatten(1), self.thresholds))
            if self.teacher is not None and version not in self._answers:
                answers.append(self.teacher(grey(images)))
        if answers:
            self._answers[version] = torch.cat(answers)
        return bits, self.labels[order], self._answers.get(version)
