"""Converts raw pictures and rows to a network's inputs, one way for training and for answers."""

import numpy as np

from ..conversion import Picture
from ..progress import progress
from ..sound import Sound
from . import logmel
from .drawing import edge, like_mnist
from .images import middle, resized


CHUNK = 2048  # examples at once, which bounds the memory for numbers in float64
FAR = 4       # widths of the range of training, beyond which values are of another scale
DIM = 8       # pictures whose values all lie in this part of the range may be of another scale


class Converter:
    """Turns examples, as files hold them, into inputs of a network.

    Parameters
    ----------
    conversion : sw.conversion.Picture, sw.conversion.Row or sw.sound.Sound
        What is done.
    input_shape : tuple of int
        Shape of an input of the network.
    input_bits : int
        Width of a value of an input.
    given : tuple of float or None
        Least and greatest value of the files' numbers, if they are not those of training.

    Attributes
    ----------
    examples : int
        Examples converted so far.
    resized : int
        Pictures among them that had another size than the network's input.
    cut, values : int
        Values beyond the range of training, which were cut, and all values.
    brightest : int
        Greatest value of the pictures converted so far, before they were inverted.
    """

    def __init__(self, conversion, input_shape, input_bits=8, given=None):
        self.conversion = conversion
        self.input_shape = tuple(input_shape)
        self.dtype = np.uint8 if input_bits <= 8 else np.uint16
        self.top = 2**input_bits - 1
        self.given = given
        self.examples = self.resized = self.cut = self.values = self.brightest = 0

    def all(self, examples):
        """Convert an array of examples, shape (n, ...), or a sequence of pictures.

        Returns
        -------
        ndarray of uint8 or uint16, shape (n, ``*input_shape``)
        """
        made = np.empty((len(examples), *self.input_shape), self.dtype)
        start = 0
        with progress(total=len(examples), what="converting", unit="examples", delay=5) as bar:
            for part in _parts(examples):
                made[start:start + len(part)] = self.batch(part)
                start += len(part)
                bar.update(len(part))
        return made

    def batch(self, examples):
        """Convert examples of one shape: an array (n, ...)."""
        if examples.dtype.kind == "f" and not np.isfinite(examples).all():
            raise ValueError("Values must be finite numbers: some are NaN or infinite (fill in or "
                             "remove these examples)")
        self.examples += len(examples)
        if isinstance(self.conversion, Picture):
            made = self._pictures(self._as_pictures(examples))
        elif isinstance(self.conversion, Sound):
            made = self._sounds(examples)
        else:
            made = self._rows(examples)
        return made.reshape(len(examples), *self.input_shape)

    def notes(self):
        """Yield what users should know of the examples converted so far."""
        if self.resized:
            yield (f"{self.resized:,} of {self.examples:,} pictures had another size than "
                   f"{' x '.join(map(str, self.conversion.size))}")
        yield from self.doubts()

    def doubts(self):
        """Yield what lets doubt that the examples have the range of values of the training."""
        if self.cut:
            yield (f"{self.cut:,} of {self.values:,} values lie beyond the range of the training "
                   f"data: they are cut to it")
        if self.examples and isinstance(self.conversion, Picture) \
                and self.brightest * DIM < self.top:
            yield (f"no pixel is above {self.brightest} of {self.top}: if these files have another "
                   f"range of values than those of training, say it with --range LOW,HIGH")

    def _sounds(self, examples):
        """Return features of recordings of one length, int16, shape (n, samples)."""
        if examples.ndim != 2 or examples.dtype != np.int16:
            raise ValueError(f"Recordings must be integers of 16 bits: {examples.dtype} of shape "
                             f"{examples.shape[1:]} (give WAV files)")
        return np.stack([logmel.features(samples, self.conversion) for samples in examples])

    def _as_pictures(self, examples):
        """Return rows of pixels as pictures; pictures of one channel lose that axis."""
        conversion = self.conversion
        if examples.ndim == 4 and examples.shape[3] == 1:
            return examples[..., 0]
        if examples.ndim != 2:
            return examples
        rows, columns = conversion.size[::-1] if conversion.transpose else conversion.size
        colours = () if conversion.colours == 1 else (3,)
        if examples.shape[1] != conversion.inputs:
            raise ValueError(f"Rows must have a number for each of the {rows} x {columns} pixels "
                             f"of a picture: {examples.shape[1]}, not {conversion.inputs}")
        return examples.reshape(len(examples), rows, columns, *colours)

    def _pictures(self, pictures):
        conversion = self.conversion
        if pictures.ndim not in (3, 4) or pictures.shape[3:] not in ((), (3,)):
            raise ValueError(f"Pictures must have rows, columns and 1 or 3 colours: shape "
                             f"{pictures.shape[1:]}")
        pictures = self._scaled_pictures(pictures)
        self.brightest = max(self.brightest, int(pictures.max()))
        if pictures.ndim == 4 and conversion.colours == 1:
            pictures = grey(pictures)
        elif pictures.ndim == 3 and conversion.colours == 3:
            pictures = np.repeat(pictures[..., None], 3, axis=3)
        if conversion.transpose:
            pictures = pictures.swapaxes(1, 2)
        if conversion.invert is None:
            light = np.median(edge(grey(pictures)), axis=1) > self.top // 2
            pictures = np.where(light.reshape(-1, *[1] * (pictures.ndim - 1)),
                                self.top - pictures, pictures)
        elif conversion.invert:
            pictures = self.top - pictures
        if pictures.shape[1:3] != conversion.size:
            pictures = self._fitted(pictures)
        if pictures.ndim == 4 and pictures.shape[1:] != self.input_shape:
            pictures = np.moveaxis(pictures, 3, 1)
        return pictures

    def _fitted(self, pictures):
        """Return pictures of another size in the network's."""
        self.resized += len(pictures)
        if self.top > 255:
            raise ValueError(f"Pictures of more than 8 bits must have the network's size "
                             f"{' x '.join(map(str, self.conversion.size))}: "
                             f"{' x '.join(map(str, pictures.shape[1:3]))}")
        size, fit = self.conversion.size, self.conversion.fit
        made = []
        for pixels in map(np.ascontiguousarray, pictures):
            if fit == "drawing":
                made.append(like_mnist(pixels, size))
            elif fit == "photo":
                made.append(middle(pixels, size))
            else:
                made.append(resized(pixels, size, shrinking=pixels.shape[0] > size[0]))
        return np.stack(made)

    def _scaled_pictures(self, pictures):
        """Return pictures with values 0..top, as the range of training says."""
        conversion, top, files = self.conversion, self.top, pictures
        low, high = conversion.low, conversion.high
        depth = depth_of(pictures.dtype)
        if self.given is not None:
            return self._scaled(pictures, *self.given)
        if depth and depth == conversion.depth and (low, high) == (0, top):
            return pictures.astype(self.dtype, copy=False)
        if depth == 16 and conversion.depth == 8:
            pictures = pictures >> 8
        elif depth == 8 and conversion.depth == 16:
            if high > 2**15:
                pictures = pictures.astype(np.uint16) * 257
            elif self.top == 255:
                raise ValueError(f"Pictures must have 16 bits a pixel and values "
                                 f"{low:g}..{high:g}, as those of training: 8 bits (give the "
                                 f"values that become black and white: --range LOW,HIGH)")
        if depth and not conversion.depth:
            if (low, high) == (0, 1):
                return self._scaled(pictures, 0, 2**depth - 1)
            if depth == 16 or (low, high) != (0, 255):
                raise ValueError(f"Pictures must be numbers {low:g}..{high:g}, as those of "
                                 f"training: integers of {depth} bits (give the values that "
                                 f"become black and white: --range LOW,HIGH)")
        self._check_scale(pictures, low, high, files)
        return self._scaled(pictures, low, high)

    def _check_scale(self, numbers, low, high, files=None):
        """Refuse numbers that are plainly of another scale than those of training.

        ``files`` are the numbers as the files hold them, if ``numbers`` are others.
        """
        least, most = float(numbers.min()), float(numbers.max())
        fractions = most <= 1 and high - low > 2 and (numbers != np.floor(numbers)).any()
        if fractions or most > high + FAR * (high - low) or least < low - FAR * (high - low):
            files = numbers if files is None else files
            raise ValueError(f"Values must be {low:g}..{high:g}, as those of training: "
                             f"{files.min():g}..{files.max():g} (say what the numbers range over "
                             f"with --range LOW,HIGH)")

    def _rows(self, examples):
        conversion = self.conversion
        rows = examples.reshape(len(examples), -1).astype(np.float64)
        inputs = len(conversion.categories) or int(np.prod(self.input_shape))
        if rows.shape[1] != inputs:
            raise ValueError(f"Rows must have {inputs} numbers, the inputs of the network: "
                             f"{rows.shape[1]}")
        if not conversion.categories:
            return self._numbers(rows, slice(None))
        places = [place for place, words in enumerate(conversion.categories) if not words]
        numbers = iter(self._numbers(rows[:, places], places).T if places else ())
        top = self.dtype(self.top)
        return np.hstack([(column[:, None] == np.arange(len(words))) * top if words
                          else next(numbers)[:, None]
                          for column, words in zip(rows.T, conversion.categories, strict=True)])

    def _numbers(self, rows, places):
        """Return the numbers of some columns of rows, scaled."""
        conversion = self.conversion
        if self.given is not None:
            return self._scaled(rows, *self.given)
        if len(conversion.low) == 1:
            self._check_scale(rows, conversion.low[0], conversion.high[0])
            places = slice(None)
        return self._scaled(rows, np.array(conversion.low)[places],
                            np.array(conversion.high)[places])

    def _scaled(self, numbers, low, high):
        """Return numbers as integers 0..top, ``low`` as 0 and ``high`` as top."""
        self.values += numbers.size
        self.cut += int(((numbers < low) | (numbers > high)).sum())
        scaled = np.rint((numbers.astype(np.float64) - low) / (np.asarray(high) - low) * self.top)
        return np.clip(scaled, 0, self.top).astype(self.dtype)


def alike(group, picture):
    """Return whether a picture can join a group that is converted at once.

    Only pictures of octets do, because other numbers are checked picture by picture.
    """
    return len(group) < CHUNK and picture.dtype == group[0].dtype == np.uint8 \
        and picture.shape == group[0].shape


def _parts(examples):
    """Yield arrays of examples of one shape, in their order."""
    if isinstance(examples, np.ndarray):
        yield from (examples[start:start + CHUNK] for start in range(0, len(examples), CHUNK))
        return
    group = []
    for index in range(len(examples)):
        picture = examples[index]
        if group and not alike(group, picture):
            yield np.stack(group)
            group = []
        group.append(picture)
    if group:
        yield np.stack(group)


def grey(pictures):
    """Return grey levels of colours, as ITU-R 601-2 weighs them; grey pictures stay.

    Parameters
    ----------
    pictures : ndarray of unsigned integers, shape (n, rows, columns) or (n, rows, columns, 3)
        Pictures.
    """
    if pictures.ndim == 3:
        return pictures
    weighed = pictures.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighed + 0x8000) >> 16).astype(pictures.dtype)


def depth_of(dtype):
    """Return the bits of a picture's integers, 8 or 16; 0 for numbers of any other type."""
    return {"u1": 8, "b1": 8, "u2": 16}.get(dtype.str[1:], 0)
