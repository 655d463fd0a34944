"""Parts a layer's neurons into groups that read the same inputs."""

from itertools import pairwise
from math import ceil

import numpy as np


__all__ = ["GROUP_SYNAPSES", "copies", "group_neurons", "leaves"]

# Synapses of a group, whose some hundred LUTs lie close to each other on the device.
GROUP_SYNAPSES = 400


def group_neurons(weights, hops):
    """Part neurons into groups, and groups into larger ones: one level of groups for each hop.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    hops : int
        Number of levels of groups.

    Returns
    -------
    list
        Neurons, or groups: lists of lists of ... neurons. No list is empty.
    """
    order = list(range(len(weights)))
    if not hops:
        return order
    smallest = _smallest(weights)
    branches = max(1, ceil(len(smallest) ** (1 / hops)))
    groups = smallest
    for _ in range(hops - 1):
        parts = max(1, ceil(len(groups) / branches))
        bounds = [len(groups) * index // parts for index in range(parts + 1)]
        groups = [groups[start:end] for start, end in pairwise(bounds)]
    return groups


def leaves(groups):
    """Yield the smallest groups: lists of neurons."""
    if isinstance(groups[0], list):
        for group in groups:
            yield from leaves(group)
    else:
        yield groups


def copies(weights, hops):
    """Return the registers of the input copies of all groups."""
    def count(groups):
        total, flat = 0, []
        for group in groups:
            if isinstance(group, list):
                below, neurons = count(group)
                total += below + int(weights[neurons].any(axis=0).sum())
                flat += neurons
            else:
                flat.append(group)
        return total, flat

    return count(group_neurons(weights, hops))[0]


def _smallest(weights):
    """Return groups, filled one by one with the neuron that shares most of its inputs with it."""
    used = (weights != 0).astype(np.int8)
    fan_in = used.sum(axis=1)
    parts = max(1, round(int(fan_in.sum()) / GROUP_SYNAPSES))
    known = np.zeros(weights.shape[1], dtype=bool)
    shared = np.zeros(len(weights), dtype=np.int64)
    left = np.ones(len(weights), dtype=bool)
    leaves, done = [], 0
    for index in range(parts):
        leaf = []
        goal = fan_in.sum() * (index + 1) / parts
        while left.any() and (done < goal or not leaf or index == parts - 1):
            # The first neuron with the largest share of inputs that the group already has.
            share = np.where(left, shared * 1024 // np.maximum(fan_in, 1), -1)
            neuron = int(share.argmax())
            leaf.append(neuron)
            left[neuron] = False
            done += fan_in[neuron]
            new = (used[neuron] > 0) & ~known
            known |= new
            shared += used[:, new].sum(axis=1)
        if leaf:
            leaves.append(leaf)
        # The next group begins beside this one: with the inputs of its last neuron.
        known[:] = False
        shared[:] = 0
        if leaf:
            known = used[leaf[-1]] > 0
            shared = used[:, known].sum(axis=1).astype(np.int64)
    return leaves
