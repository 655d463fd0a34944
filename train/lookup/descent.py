"""A round of coordinate descent: tables and wires by the exact change of the loss."""

import torch
from torch.nn import functional

from . import kernels
from .packed import pack, unpack, whole
from .reference import Net


TABLE_BOUND = 1.0  # a bit changes if the sum of its images' differences is that far above noise
WIRE_BOUND = 0.4   # the same for the gain of another wire
OFFERED = 32       # inputs looked at in place of each wire in a round
PROBED = 0.15      # share of the images that tell the preferred ones
PREFERRED = 2      # inputs tried with all images
TURNS = 100        # neurons between two looks at Ctrl-C


def draw(feed, epochs, classes, stopped):
    """Return packed images of some epochs, and their classes; None if stopped.

    Parameters
    ----------
    feed : train.augment.Feed
        Source of the images.
    epochs : range
        Numbers of the epochs, each one copy of all training images.
    classes : int
        Number of classes.
    stopped : callable
        Whether to stop.

    Returns
    -------
    tuple of Tensor
        Bits, int64 (inputs, words); members, int64 (classes, words); labels, int64 (images,).
    """
    rows, labels = [], []
    for epoch in epochs:
        if stopped():
            return None
        bits, named, _ = feed.take(epoch)
        order = whole(len(bits))
        rows.append(pack((bits > 0).view(torch.uint8)[order].T.contiguous()))
        labels.append(named[order])
    labels = torch.cat(labels)
    members = pack((torch.arange(classes)[:, None] == labels).view(torch.uint8))
    return torch.cat(rows, 1), members, labels


def descend(network, bits, members, labels, pools, *, rewire, random, stopped, note):
    """Improve a network in place; return loss and accuracy before that, or None if stopped.

    The images are new to the network, so loss and accuracy are not flattered by the round. A
    stopped descent leaves the network as it was.

    Parameters
    ----------
    network : TableNetwork
        The network.
    bits, members, labels : Tensor
        Images of :func:`draw`.
    pools : sequence of Pool
        Inputs that the wires of each layer may come from.
    rewire : bool
        Whether wires may change, not only tables.
    random : torch.Generator
        Source of the order and of the inputs that are tried.
    stopped, note : callable
        Whether to stop; receives the part that is done, 0..1.
    """
    layers = [(wires.clone(), tables.clone()) for wires, tables in network.layers]
    net = Net([wires for wires, _ in layers], [tables for _, tables in layers],
              network.rows(bits), members, network.heat)
    before = _measured(net, labels)
    total, done = sum(map(len, net.wires)), 0
    for index, pool in enumerate(pools):
        neurons, inputs = net.wires[index].shape
        order = torch.randperm(neurons, generator=random).int()
        offered = pool.draw(neurons, inputs, OFFERED if rewire else 0, random)
        for turn in order.split(TURNS):
            if stopped():
                return None
            kernels.best().descend(
                net, index, turn, offered, probed=max(1, round(PROBED * bits.shape[1])),
                preferred=PREFERRED, table_bound=TABLE_BOUND, wire_bound=WIRE_BOUND)
            done += len(turn)
            note(done / total)
    for (wires, tables), *new in zip(network.layers, net.wires, net.tables, strict=True):
        wires.copy_(new[0])
        tables.copy_(new[1])
    return before


def _measured(net, labels):
    group = len(net.rows[-1]) // len(net.members)
    votes = torch.stack([unpack(rows).sum(0, dtype=torch.float32)
                         for rows in net.rows[-1].split(group)], 1)
    loss = functional.cross_entropy(votes * net.heat, labels)
    return {"loss": float(loss),
            "train": 100 * float((votes.argmax(1) == labels).float().mean())}
