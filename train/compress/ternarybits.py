"""Ternary weights between bits, merged into thresholds: ``python -m train.compress.ternarybits``.

Hidden layers have two learnt scales, BatchNorm and a sign; the last layer has one scale. The result
is a checkpoint that ``sw.fold`` reads.
"""

import sys

import numpy as np
import torch
from torch import nn

from sw import checkpoint as folding
from sw.command import run
from sw.data.thresholds import encoder_for
from sw.trained.last import Last

from ..binarize import SignActivation
from ..forward.forward import outputs
from . import merge, task, ternary
from .data import pixels
from .fit import CHUNK
from .result import Compressed, Pixels
from .trace import trace
from .trits import OneScale


EPOCHS = 15
BITS = 2


class Bits(nn.Module):
    """Encoder: pixels (pixel / 255) to ±1."""

    def __init__(self, encoder):
        super().__init__()
        self.register_buffer("thresholds", torch.tensor(encoder.thresholds, dtype=torch.float32))

    def forward(self, x):
        levels = pixels(x).flatten(1).float()[:, :, None] >= self.thresholds
        return 2.0 * levels.flatten(1) - 1


class Sign(nn.Module):
    """+1 where the input is not negative, else -1."""

    def forward(self, x):
        return SignActivation.apply(x).float()


def network_of(network, parts):
    """Return a network of bits with a float network's dense layers as first latent weights."""
    traced, encoder = trace(network, parts.train.shape), encoder_for(parts.train.images, 1)
    if any(layer.kind != "fully connected" for layer in traced.weighted) or len(
            traced.weighted) < 2:
        raise ValueError("Network must be dense layers, two at least, to become ternary between "
                         "bits (use train.compress.binarize for convolutions)")
    made = nn.Sequential(Bits(encoder))
    for layer in traced.weighted:
        linear = nn.Linear(*layer.weight.shape[::-1], bias=False)
        linear.weight.data.copy_(layer.weight.detach())
        made.append(linear)
        if layer is not traced.weighted[-1]:
            made.extend([nn.BatchNorm1d(len(layer.weight)), Sign()])
    return made, encoder


def merged(network, encoder):
    """Return first, hidden and last layers of a checkpoint, and where the hidden ones differ.

    The second result holds, for each hidden layer, the share of inputs of each neuron.
    """
    parts, layers, shares = list(network)[1:], [], []
    for index, linear in enumerate(parts[0:-1:3]):
        normal = parts[3 * index + 1]
        slope = (normal.weight / torch.sqrt(normal.running_var + normal.eps)).detach()
        sign = torch.where(slope < 0, -1.0, 1.0)
        shift = normal.bias.detach() / slope.abs().clamp_min(1e-12) - sign * normal.running_mean
        weight = linear.weight.detach() * sign[:, None]
        layer, share = merge.hidden(f"fc{index + 1}", weight.numpy(), shift.numpy())
        layers.append(layer)
        shares.append(share)
    weight = parts[-1].weight.detach().numpy()
    last = Last(f"fc{len(layers) + 1}", np.sign(weight), (weight != 0).astype(np.uint8),
                np.zeros(len(weight), np.int32), float(np.abs(weight).max()))
    return (encoder, tuple(layers), last), shares


@torch.no_grad()
def scores_of(layers, images):
    """Return the scores, float64 (n, classes), of images, a uint8 tensor, after merging."""
    first, hidden, last = layers
    found = []
    for x in images.flatten(1).split(CHUNK):
        for layer in (first, *hidden, last):
            x = outputs(layer, x)[-1]
        found.append(x)
    return torch.cat(found)


def compress(network, parts, retrain):
    """Train, and merge the scales; return the network before and after.

    Each is a :class:`.Compressed`. The facts of the merged one hold the share of exact neurons
    of each layer; its network has the checkpoint's layers.
    """
    made, encoder = network_of(network, parts)
    linear = [module for module in made if isinstance(module, nn.Linear)]
    names = [str(list(made).index(module)) for module in linear]
    ternary.ternarize(made, names[:-1])
    nn.utils.parametrize.register_parametrization(linear[-1], "weight", OneScale())
    retrain(made, parts.train, "ternary weights between bits")
    ternary.harden(made)
    layers, shares = merged(made, encoder)
    weights = sum(module.weight.numel() for module in linear)
    neurons = sum(len(module.weight) for module in linear[:-1])
    macs = sum(int(module.weight.count_nonzero()) for module in linear)
    first = Compressed("ternary between bits, two scales", made, macs + neurons, BITS,
                       (BITS * weights + 32 * (neurons + 2 * len(linear)) + 7) // 8, macs)
    folded = Pixels(lambda images: scores_of(layers, images))
    folded.layers = layers
    exact = {layer.name: float((share == 0).mean()) for layer, share in zip(layers[1], shares,
                                                                            strict=True)}
    differing = {layer.name: float(share.mean()) for layer, share in zip(layers[1], shares,
                                                                         strict=True)}
    return first, Compressed("ternary between bits, merged", folded, macs + neurons, BITS,
                             (BITS * weights + 16 * neurons + 7) // 8, macs,
                             {"exact": exact, "differing": differing})


def main(argv=None):
    parser = task.parser("train.compress.ternarybits", "Ternary weights for hardware.",
                         epochs=EPOCHS)
    parser.add_argument("--checkpoint", metavar="FILE", help="file for sw.fold: NAME.ckpt.npz")
    args = parser.parse_args(argv)
    found = task.task(args)
    first, second = compress(found.copy(), found.parts, found.retrain)
    for name, exact in second.facts["exact"].items():
        print(f"{name}: {100 * exact:.1f} % of the neurons are exact; a neuron differs for "
              f"{100 * second.facts['differing'][name]:.2f} % of random inputs on average")
    if args.checkpoint:
        scores = second.network(found.test.inputs).numpy().astype(np.int32)
        folding.save(args.checkpoint, folding.Checkpoint(
            *second.network.layers, labels=found.labels, input_shape=found.image_shape,
            conversion=found.dataset.conversion, test_scores=scores,
            provenance={"dataset": found.dataset.name, "method": "train.compress.ternarybits",
                        "seed": found.retrain.seed}))
        print(f"wrote {args.checkpoint}: python -m sw.fold {args.checkpoint}")
    task.finish(args, found, [found.row(made, 0.0) for made in (first, second)])


if __name__ == "__main__":
    run(main, sys.argv[1:])
