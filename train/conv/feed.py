"""Pictures in training: shuffled, distorted, and kept on the device that trains."""

from concurrent.futures import ThreadPoolExecutor

import torch

from ..augment import BATCH, distortion_of, generator


SHIFT = 4  # pixels by which coloured pictures are moved at most
GREY = 128  # value of what a cutout hides


class Pictures:
    """Training pictures of one epoch after the other.

    An epoch's pictures depend on the seed and the epoch's number alone, on one kind of device. On
    the processor a second thread makes the next epoch while the present one is used.

    A feed is the context of a ``with`` statement.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, rows, columns) or (n, rows, columns, 3)
        All training pictures, on the device.
    labels : Tensor of int64, shape (n,)
    recipe : ConvRecipe
        Distortion, flip and cutout.
    seed, epochs : int
        Seed of all random numbers; number of the last epoch plus one.
    """

    def __init__(self, images, labels, recipe, *, seed, epochs):
        self.images = images
        self.labels = labels
        self.recipe = recipe
        self.seed = seed
        self.epochs = epochs
        self.coloured = images.ndim == 4
        distortion = distortion_of(recipe)
        self._distort = None if self.coloured or distortion.nothing else distortion.of(images)
        self._pool = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))
        self._ahead = {}

    def __enter__(self):
        self._threads = torch.get_num_threads()
        return self

    def __exit__(self, *_):
        self._pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads)

    def take(self, epoch):
        """Return pictures, uint8 (n, ...), labels, and None for a teacher's logits."""
        if self.images.is_cuda:
            return self.make(epoch)
        present = self._ahead.pop(epoch, None) or self._pool.submit(self.make, epoch)
        if epoch + 1 < self.epochs:
            self._ahead = {epoch + 1: self._pool.submit(self.make, epoch + 1)}
        return present.result()

    def make(self, epoch):
        """Make an epoch's pictures."""
        random = generator(self.seed, 1 + epoch)
        order = torch.randperm(len(self.images), generator=random)
        made = torch.empty_like(self.images)
        for start in range(0, len(order), BATCH):
            rows = order[start:start + BATCH]
            part = self._moved(rows.to(self.images.device), random)
            if self._distort is not None:
                part = self._distort(part.float(), random).round().clamp(0, 255).to(torch.uint8)
            if self.recipe.cutout:
                part = hide(part, self.recipe.cutout, random)
            made[start:start + BATCH] = part
        return made, self.labels[order.to(self.labels.device)], None

    def _moved(self, rows, random):
        """Return some pictures, shifted if they have colours, and mirrored."""
        reach = round(SHIFT * self.recipe.augment) if self.coloured else 0
        if not reach and not self.recipe.flip:
            return self.images[rows]
        return move(self.images, rows, reach, self.recipe.flip, random)


def move(images, rows, reach, flip, random):
    """Return pictures shifted at random by up to ``reach`` pixels and mirrored at random.

    Pixels from beyond the edge are those of the picture mirrored at its edge.

    Parameters
    ----------
    images : Tensor, shape (n, height, width, ...)
        Pictures.
    rows : Tensor of int64, shape (m,)
        Pictures to return.
    reach : int
        Greatest shift along each axis, less than the picture's extents.
    flip : bool
        Whether half of the pictures are mirrored left to right.
    random : torch.Generator
        Source of shifts and flips.
    """
    count, (height, width) = len(rows), images.shape[1:3]
    drawn = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=random) - reach
    turned = torch.randint(0, 2, (count, 1), generator=random).to(images.device).bool()
    down, across = drawn.to(images.device)
    y = reflected(torch.arange(height, device=images.device) + down, height)
    x = reflected(torch.arange(width, device=images.device) + across, width)
    if flip:
        x = torch.where(turned, width - 1 - x, x)
    return images[rows[:, None, None], y[:, :, None], x[:, None, :]]


def reflected(places, extent):
    """Return places in 0..extent - 1 for places up to ``extent - 1`` beyond both ends."""
    return (extent - 1) - ((extent - 1) - places.abs()).abs()


def hide(pictures, size, random):
    """Return pictures with a grey square of ``size`` x ``size`` pixels around a random pixel.

    DeVries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout, 2017.
    """
    height, width = pictures.shape[1:3]
    middle = torch.rand((2, len(pictures), 1), generator=random).to(pictures.device)
    y, x = (((torch.arange(extent, device=pictures.device) - (part * extent).floor() + size // 2)
             .div(size, rounding_mode="floor") == 0)
            for part, extent in zip(middle, (height, width), strict=True))
    hidden = y[:, :, None] & x[:, None, :]
    if pictures.ndim == 4:
        hidden = hidden[..., None]
    return torch.where(hidden, torch.tensor(GREY, dtype=pictures.dtype, device=pictures.device),
                       pictures)
