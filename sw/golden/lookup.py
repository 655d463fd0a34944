"""Golden model of look-up layers: tables at 64 images a word.

A row of words holds one bit of the layer for many images, an image a bit. A table of k inputs is a
tree of multiplexers: input 0 chooses between rows 0 and 1, 2 and 3, ... of the table, input 1
between these results, and so on.
"""

import numpy as np

from ..bits import pack, unpack
from ..layer.lookup import Lookup
from .model import GOLDEN


WORDS = 2**15  # of a step's largest matrix, so that it stays in a CPU's cache
BATCH = 1024  # images at once: with fewer, the calls of NumPy take longer than their work


@GOLDEN.register(Lookup)
def look_up(layer):
    """Return a function from bits, shape (inputs, n), to activations, shape (neurons, n)."""
    # All bits of a word of `rows` are the value at a row of a table: shape (rows, neurons, 1).
    rows = np.ascontiguousarray(np.uint64(0) - layer.tables.T[:, :, None].astype(np.uint64))
    wires = np.ascontiguousarray(layer.wires.T)

    def compute(bits):
        words = pack(bits)
        outputs = np.empty((layer.outputs, words.shape[1]), np.uint64)
        step = max(1, WORDS // (len(rows) * max(1, words.shape[1])))
        for start in range(0, layer.outputs, step):
            some = slice(start, start + step)
            values = rows[:, some]
            for wire in wires[:, some]:
                chooser = words[wire]
                low, high = values[0::2], values[1::2]
                differ = low ^ high
                values = differ & chooser
                values ^= low
            outputs[some] = values[0]
        return unpack(outputs, bits.shape[1])

    compute.batch = BATCH
    return compute
