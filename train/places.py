"""Places of inputs and neurons in the unit square, for neurons that read near inputs only.

Wires of a network whose neurons read any input cross the whole device. With places a neuron finds
its synapses among the inputs nearest to its own place, so place and route can lay the network out
like the picture.
"""

import torch


# R2 sequence (M. Roberts, 2018), whose first n points fill the square evenly for every n.
STEPS = (0.7548776662466927, 0.5698402909980532)


def of_inputs(shape, levels):
    """Return the places of a picture's encoded inputs.

    Parameters
    ----------
    shape : tuple of int
        Rows, columns, and perhaps channels. Channels and levels of a pixel share its place.
    levels : int
        Thresholds an input.

    Returns
    -------
    Tensor of float64, shape (inputs, 2)
    """
    rows, columns, *channels = shape
    grid = torch.cartesian_prod((torch.arange(rows, dtype=torch.float64) + 0.5) / rows,
                                (torch.arange(columns, dtype=torch.float64) + 0.5) / columns)
    return grid.repeat_interleave(levels * (channels[0] if channels else 1), dim=0)


def of_neurons(count):
    """Return the places of a layer's neurons, float64 (count, 2)."""
    numbers = torch.arange(1, count + 1, dtype=torch.float64)
    return torch.outer(numbers, torch.tensor(STEPS, dtype=torch.float64)) % 1


def nearest(before, here, reach):
    """Return the ``reach`` inputs nearest to each neuron: those in a square around its place.

    Parameters
    ----------
    before, here : Tensor of float64, shape (inputs, 2) and (neurons, 2)
        Places.
    reach : int
        Inputs of a neuron. Of equally near inputs the first ones are taken.

    Returns
    -------
    Tensor of int64, shape (neurons, reach)
        Rising along a row.
    """
    distances = (here[:, None] - before).abs().amax(2)
    return distances.argsort(dim=1, stable=True)[:, :reach].sort(1).values
