"""Converts batches of examples to a network's inputs, pictures for networks of numbers too."""

from math import prod

import numpy as np

from ..conversion import Picture, Row, picture_shape
from .convert import Converter, grey


class Inputs:
    """Turns examples of users into inputs of a network, as its conversion says.

    Parameters
    ----------
    conversion : sw.conversion.Picture, sw.conversion.Row or sw.sound.Sound
        The network's, perhaps overridden by options.
    input_shape : tuple of int
        Shape of an input of the network.
    input_bits : int
        Width of a value of an input.
    given : tuple of float or None
        Least and greatest value of the files' numbers, if they are not those of training.

    Attributes
    ----------
    failed : list of str
        Pictures of folders that could not be converted, each with the reason.
    """

    def __init__(self, conversion, input_shape, input_bits=8, given=None):
        self.input_shape = tuple(input_shape)
        self.converter = Converter(conversion, input_shape, input_bits, given)
        self.unsaid = None  # converts pictures for a network that does not say how
        if isinstance(conversion, Row) and picture_shape(input_shape):
            picture = as_pictures(conversion, input_shape)
            self.unsaid = Converter(picture, input_shape, input_bits, given)
        self.failed = []
        self._flat = 0

    @property
    def conversion(self):
        """How pictures are converted, or rows if there is nothing said of pictures."""
        return (self.unsaid or self.converter).conversion

    def of(self, batch):
        """Convert a batch; examples that cannot be converted leave a lenient one.

        Returns
        -------
        ndarray of uint8 or uint16, shape (n, ``*input_shape``)

        Raises
        ------
        ValueError
            If an example cannot be converted; the message begins with its name.
        """
        if isinstance(batch.examples, np.ndarray):
            try:
                return self._array(batch.examples)
            except ValueError as error:
                raise ValueError(f"{batch.names[0]}: {error}") from None
        made, kept = [], []
        for place, (name, picture) in enumerate(zip(batch.names, batch.examples, strict=True)):
            try:
                made.append(self._picture(name, picture))
                kept.append(place)
            except ValueError as error:
                text = str(error) if str(error).startswith(name) else f"{name}: {error}"
                if not batch.lenient:
                    raise ValueError(text) from None
                self.failed.append(text)
        if len(kept) < len(batch.names):
            batch.names = [batch.names[place] for place in kept]
            batch.truth = [batch.truth[place] for place in kept]
        return np.stack(made) if made else np.empty((0, *self.input_shape), self.converter.dtype)

    def notes(self):
        """Yield what users should know of the examples converted so far."""
        if self._flat:
            inputs = prod(self.input_shape)
            yield (f"the network takes numbers and does not say how pictures become them: the "
                   f"{inputs} pixels are taken as they are, row by row (--size ROWSxCOLUMNS with "
                   f"--drawing, --photo, --invert or --transpose: otherwise)")
        if self.unsaid and self.unsaid.examples:
            yield ("the network does not say how pictures become its inputs: they are taken as "
                   "they are (--drawing, --photo, --invert or --transpose: otherwise)")
            yield from self.unsaid.notes()
        yield from self.converter.notes()

    def _array(self, examples):
        if self.unsaid and examples.ndim > 2:
            return self.unsaid.batch(examples)
        return self.converter.batch(examples)

    def _picture(self, name, pixels):
        if self.unsaid:
            return self.unsaid.batch(pixels[None])[0]
        if not isinstance(self.converter.conversion, Row) or pixels.ndim == 1:
            return self.converter.batch(pixels[None])[0]
        inputs = prod(self.input_shape)
        if pixels.size != inputs and pixels.ndim == 3:
            pixels = grey(pixels[None])[0]
        if pixels.size != inputs:
            raise ValueError(f"{name} must have one pixel for each of the network's {inputs} "
                             f"inputs: it has {' x '.join(map(str, pixels.shape[:2]))} pixels "
                             f"(--size ROWSxCOLUMNS says how pictures become numbers)")
        self._flat += 1
        return self.converter.batch(pixels.reshape(1, -1))[0]


def as_pictures(row, input_shape):
    """Return the conversion of pictures for a network whose conversion is of rows."""
    rows, columns, colours = picture_shape(input_shape)
    if len(row.low) != 1:
        raise ValueError("Range of pictures must be given: the network scales each of its numbers "
                         "by another range (--size HxW with --range LOW,HIGH)")
    depth = 8 if (row.low, row.high) == ((0.0,), (255.0,)) else 0
    return Picture((rows, columns), colours=colours, depth=depth, low=row.low[0],
                   high=row.high[0])
