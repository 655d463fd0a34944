"""Parts a layer's neurons into groups that look at the same inputs."""

from itertools import pairwise
from math import ceil

import numpy as np


__all__ = ["GROUP_SYNAPSES", "copies", "leaves", "part_neurons"]

# Synapses of a group: some hundred LUTs, which lie close to each other on the device.
GROUP_SYNAPSES = 400


def part_neurons(weights, hops):
    """Part neurons into groups, and these into larger ones, one level of them for each hop.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        -1, 0, +1.
    hops : int
        Levels of groups; 0 for none.

    Returns
    -------
    list
        Neurons, or groups of them: lists of lists of ... neurons. No list is empty.
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
    """Registers that the inputs of all groups take together."""
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

    return count(part_neurons(weights, hops))[0]


def _smallest(weights):
    """Fill one group after the other, each time with the neuron that brings most known inputs."""
    used = (weights != 0).astype(np.int32)
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
            # What most of a neuron's inputs is known; the first of several.
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
        # The next group begins beside this one.
        known[:] = False
        shared[:] = 0
        if leaf:
            known = used[leaf[-1]] > 0
            shared = used[:, known].sum(axis=1).astype(np.int64)
    return leaves
