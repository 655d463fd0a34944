"""Plain arithmetic of look-up layers: the number of a row, and the row of the table."""

import numpy as np

from .. import golden
from ..layer.lookup import Lookup
from .plain import PLAIN


@PLAIN.register(Lookup)
def compare_tables(layer, bits):
    """Return golden's activations, and the activations of :func:`plain_tables`."""
    return golden.outputs(layer, bits), plain_tables(layer, bits)


def plain_tables(layer, bits):
    """Return the row of each neuron's table that its inputs name, neuron by neuron.

    Parameters
    ----------
    layer : sw.layer.lookup.Lookup
        The layer.
    bits : ndarray of uint8, shape (n, inputs)
        Its inputs.

    Returns
    -------
    ndarray of uint8, shape (n, neurons)
    """
    activations = np.zeros((len(bits), layer.outputs), np.uint8)
    for neuron, (wires, table) in enumerate(zip(layer.wires, layer.tables, strict=True)):
        row = np.zeros(len(bits), np.int64)
        for place, wire in enumerate(wires):
            row += bits[:, wire].astype(np.int64) << place
        activations[:, neuron] = table[row]
    return activations
