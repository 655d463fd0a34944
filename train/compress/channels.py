"""Prunes whole channels: ``python -m train.compress.channels MODEL --data D --keep 0.5``."""

import sys

import torch

from sw.command import run

from . import task
from .graph import graph, plain
from .result import dense
from .sensitivity import check_share
from .shrink import consumers, separate, shrink


ROUNDS = 2
EPOCHS = 3


def gains(traced, part, batch=256):
    """Return how much the loss depends on each channel: |output · gradient|, by layer.

    The first-order term of the loss's change when the channel's output becomes 0.
    """
    outputs, found = {}, {layer.name: 0 for layer in traced.weighted}

    def seen(layer, value):
        if layer.name in found:
            value.retain_grad()
            outputs[layer.name] = value

    for inputs, labels in zip(part.inputs.split(batch), part.targets.split(batch), strict=True):
        loss = torch.nn.functional.cross_entropy(traced.forward(inputs, seen), labels)
        loss.backward()
        for name, value in outputs.items():
            product = (value.detach() * value.grad).flatten(2) if value.ndim > 2 else \
                (value.detach() * value.grad)[..., None]
            found[name] = found[name] + product.sum(2).square().sum(0)
    return {name: value / value.norm().clamp_min(1e-30) for name, value in found.items()}


def chosen(rank, share):
    """Return the indices of the channels to keep, rising: at least one."""
    count = max(1, round(share * len(rank)))
    return torch.topk(rank, count).indices.sort().values


def compress(network, parts, retrain, *, keep=0.5, rounds=ROUNDS):
    """Remove channels in rounds, each retrained; return :class:`.Compressed` of a smaller network.

    Parameters
    ----------
    network : nn.Module
        Any that :func:`.trace` reads. BatchNorm is merged first.
    parts : Parts
        Calibration images rank the channels.
    retrain : Retrain
        Training of each round.
    keep : float
        Share of channels that stay, in each layer whose readers are weights.
    rounds : int
        Rounds of removal.

    Molchanov et al., Pruning Convolutional Neural Networks for Resource Efficient Inference, 2017,
    equation 8, is the rank of a channel.
    """
    check_share(keep, "Kept share of channels")
    made = graph(network, parts.train.shape)
    sizes = {layer.name: layer.weight.shape[0] for layer in made.traced.weighted
             if consumers(made.traced, layer) is not None and separate(made.traced, layer)}
    if not sizes:
        raise ValueError("Network must have a layer whose channels only weights read: there is "
                         "none (additions need all channels)")
    for number in range(1, rounds + 1):
        ranks = gains(made.traced, parts.calibration)
        shrink(made.traced, {name: chosen(ranks[name], _share(keep, number / rounds, made.traced[
            name], size)) for name, size in sizes.items()})
        made = type(made)(made.traced)
        retrain(made, parts.train, f"channels, round {number} of {rounds}", number)
    return dense("prune channels", plain(made.traced, parts.train.shape), parts.train.shape,
                 channels={name: made.traced[name].weight.shape[0] for name in sizes},
                 before=sizes)


def _share(keep, part, layer, size):
    """Return the share of a layer's present channels that stays, for a part of the way."""
    return min(1.0, keep**part * size / layer.weight.shape[0])


def main(argv=None):
    parser = task.parser("train.compress.channels", "Remove whole channels and neurons.",
                         epochs=EPOCHS)
    add = parser.add_argument
    add("--keep", type=task.real(0, 1), default=0.5, metavar="X",
        help="share of the channels of each layer that stays (default: 0.5)")
    add("--rounds", type=task.positive, default=ROUNDS, metavar="N",
        help=f"rounds of removal and retraining (default: {ROUNDS})")
    args = parser.parse_args(argv)
    found = task.task(args)
    made, row = found.run(compress, keep=args.keep, rounds=args.rounds)
    for name, count in made.facts["channels"].items():
        print(f"{name}: {count} of {made.facts['before'][name]} channels")
    task.finish(args, found, [row], made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
