"""Low-rank convolutions: ``python -m train.compress.lowrank MODEL --data D --speedup 4``."""

import sys

import torch
from torch import nn

from sw.command import run

from . import task
from .graph import Graph, graph, plain
from .layers import Conv2d, Relu
from .network import FloatNetwork
from .ranks import candidates, ranks_by_budget, ranks_by_energy
from .responses import SAMPLES, energies, reconstruct, responses
from .result import dense, positions
from .trace import trace


EPOCHS = 2
SEEN = 1000  # calibration images at most


def split(traced, layer, outer, inner, bias):
    """Replace a convolution by one of fewer channels and a 1 x 1, in place (section 2.1)."""
    weight, rank = layer.weight.detach().double(), inner.shape[1]
    before = torch.zeros(len(weight), dtype=torch.float64) if layer.bias is None else \
        layer.bias.detach().double()
    thin = Conv2d(f"{layer.name}_thin", layer.given, layer.inputs, (rank, *layer.shape[1:]),
                  {"weight": (inner.T @ weight.flatten(1)).view(rank, *weight.shape[1:]).float()},
                  {}, layer.stride, layer.padding, layer.dilation)
    wide = Conv2d(layer.name, layer.given, (thin.name,), layer.shape,
                  {"weight": outer.float()[:, :, None, None],
                   "bias": (bias + outer @ (inner.T @ before)).float()}, {})
    place = traced.layers.index(layer)
    traced.layers[place:place + 1] = [thin, wide]


@torch.no_grad()
def approximate(network, parts, *, speedup=None, energy=None, seed=0):
    """Return a network whose convolutions are of low rank, and the rank of each.

    Layers are approximated in order, each for the responses of those before (section 2.3).
    Zhang, Zou, Ming, He and Sun, Efficient and Accurate Approximations of Nonlinear Convolutional
    Networks, 2015.
    """
    shape = parts.train.shape
    exact, made = graph(network, shape), graph(network, shape)
    layers = candidates(exact.traced)
    if not layers:
        raise ValueError("Network must have convolutions larger than 1 x 1 to be of low rank: "
                         "there are none")
    images = parts.calibration.first(SEEN).inputs
    random = torch.Generator().manual_seed(seed)
    places = {layer.name: torch.randint(positions(layer), (len(images), SAMPLES), generator=random)
              for layer in layers}
    wanted = {name: responses(exact, name, images, places[name]) for name in places}
    spectra = {name: energies(y) for name, y in wanted.items()}
    ranks = ranks_by_energy(spectra, energy) if energy else ranks_by_budget(
        exact.traced, spectra, int(exact.traced.macs / speedup))
    for layer in layers:
        name, rank = layer.name, ranks[layer.name]
        y = responses(made, name, images, places[name])
        cost = rank * (layer.weight[0].numel() + layer.weight.shape[0])
        if cost >= layer.weight.numel():
            continue  # two layers would have more products than one
        relu = any(other.inputs == (name,) and type(other) is Relu for other in made.traced.layers)
        split(made.traced, made.traced[name], *reconstruct(y, wanted[name], rank, relu))
    return Graph(made.traced), ranks


def compress(network, parts, retrain, *, speedup=4.0, energy=None):
    """Approximate all convolutions and retrain; return :class:`.Compressed`.

    Parameters
    ----------
    network : nn.Module
        Unchanged.
    parts : Parts
        Calibration images give the responses.
    retrain : Retrain
        Training afterwards.
    speedup : float
        Times fewer products in all.
    energy : float or None
        Share of energy that each layer keeps, instead of a budget of products.
    """
    if energy is None and not 1 <= speedup <= 1e4:
        raise ValueError(f"Speedup must be in 1..10000: {speedup}")
    made, ranks = approximate(network, parts, speedup=speedup, energy=energy, seed=retrain.seed)
    shape = parts.train.shape
    network = normalized(plain(made.traced, shape), parts.calibration.first(SEEN).inputs)
    retrain(network, parts.train, "retraining low ranks")
    return dense("low rank", plain(trace(network, shape), shape), shape, ranks=ranks)


@torch.no_grad()
def normalized(network, inputs):
    """Return a network of the same function with a BatchNorm behind each convolution with a bias.

    It is for retraining. Networks that the text of layers cannot say stay as they are.
    """
    if not isinstance(network, FloatNetwork):
        return network
    text = ", ".join(f"{part} norm" if part.startswith("conv") and "nobias" not in part else part
                     for part in network.text.split(", "))
    made = FloatNetwork(text, network.input_shape, network.classes).eval()
    kinds = nn.Conv2d | nn.Linear
    before = iter([layer for layer in network if isinstance(layer, kinds)])
    for layer in made:
        if isinstance(layer, kinds):
            old = next(before)
            layer.weight.copy_(old.weight)
            if layer.bias is not None:
                layer.bias.copy_(old.bias)
        if isinstance(layer, nn.BatchNorm2d):  # its scale and shift undo what it takes away
            layer.running_mean.copy_(inputs.mean((0, 2, 3)))
            layer.running_var.copy_(inputs.var((0, 2, 3), unbiased=False))
            layer.weight.copy_((layer.running_var + layer.eps).sqrt())
            layer.bias.copy_(layer.running_mean + old.bias)
        inputs = layer(inputs)
    return made


def main(argv=None):
    parser = task.parser("train.compress.lowrank", "Convolutions as two of fewer products.",
                         epochs=EPOCHS)
    add = parser.add_argument
    add("--speedup", type=task.real(0, 1e4), default=4.0, metavar="X",
        help="times fewer products in all (default: 4)")
    add("--energy", type=task.real(0, 1), metavar="X",
        help="share of each layer's energy to keep, instead of a budget")
    args = parser.parse_args(argv)
    found = task.task(args)
    made, row = found.run(compress, speedup=args.speedup, energy=args.energy)
    for name, rank in made.facts["ranks"].items():
        print(f"{name}: rank {rank}")
    task.finish(args, found, [row], made)


if __name__ == "__main__":
    run(main, sys.argv[1:])
