"""Learnt sparse connectivity: each neuron keeps the synapses with the largest latent weights."""

import torch


INTERVAL = 2  # steps between two choices of synapses: 10 and 50 gave worse networks


def largest(weight, count):
    """Return the mask of the ``count`` largest ``|weight|`` of each row: exactly ``count`` ones.

    Parameters
    ----------
    weight : Tensor of float32, shape (neurons, inputs)
        Latent weights.
    count : int
        Synapses of a neuron, 1 to inputs.

    Returns
    -------
    Tensor of uint8, shape (neurons, inputs)
    """
    chosen = torch.topk(weight.detach().abs(), count, dim=1, sorted=False).indices
    return torch.zeros(weight.shape, dtype=torch.uint8).scatter_(1, chosen, 1)


def wanted(inputs, count, progress):
    """Return a neuron's synapses at ``progress`` (0..) on the way from all to ``count``."""
    left = max(0.0, 1 - progress)
    return count + round((inputs - count) * left**3)


def update(network, step, *, ramp, freeze):
    """Choose the synapses of every layer anew if ``step`` is a step of a choice.

    Parameters
    ----------
    network : SparseNetwork
        Its ``counts`` say how many synapses a neuron of each layer has at the end.
    step : int
        Steps done.
    ramp : int
        Step at which the number of synapses reaches its final value.
    freeze : int
        Step of the last choice, not before ``ramp``. All other candidates are dropped then.

    Returns
    -------
    bool
        Whether this was the last choice, so that the network has other parameters now.
    """
    if step > freeze or (step % INTERVAL and step != freeze):
        return False
    for layer, count, reach in zip(network.linear, network.counts, network.reach, strict=True):
        if count < reach:
            layer.set_mask(largest(layer.weight, wanted(reach, count, step / ramp)))
            if step == freeze:
                layer.compact()
    return step == freeze
