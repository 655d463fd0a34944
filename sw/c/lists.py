"""Index lists in C: the inputs of each neuron, those of positive weights first."""

import numpy as np

from .part import Table


LIST_LIMIT = 2**16 - 1  # most synapses of a neuron in a list


def lists(name, weights, index, constant):
    """Return the tables of a layer's lists, in the order of the kernels' arguments.

    Parameters
    ----------
    name : str
        Name of the layer.
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0 and +1.
    index : str
        Type of an index without its ``_t``, see :func:`sw.c.part.index_type`.
    constant : sw.c.part.Table
        A number a neuron.

    Returns
    -------
    tuple of sw.c.part.Table
        Indices; for each neuron the numbers of positive weights and of all; the constant.
    """
    numbers, counts = [], []
    for row in weights:
        positive, negative = np.flatnonzero(row > 0), np.flatnonzero(row < 0)
        numbers += [positive, negative]
        counts.append((len(positive), len(positive) + len(negative)))
    return (Table(f"table_{name}_inputs", f"{index}_t", np.concatenate(numbers)),
            Table(f"table_{name}_counts", "uint16_t", np.array(counts)), constant)
