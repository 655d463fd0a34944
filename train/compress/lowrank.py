"""Low-rank convolutions: ``python -m train.compress.lowrank MODEL --data D --speedup 4``."""

import sys

import torch

from sw.command import run

from . import task
from .graph import Graph, graph, plain
from .layers import Conv2d, Relu
from .result import dense, positions
from .sensitivity import check_share


EPOCHS = 2
SEEN = 1000  # calibration images at most
SAMPLES = 30  # positions of an image whose responses are reconstructed
WEIGHTS = [0.01] * 25 + [1.0] * 25  # lambda of each iteration, section 2.2
DAMPING = 1e-6


def responses(made, name, images, places=None):
    """Return a layer's outputs as vectors, float64 (samples, channels), at some places.

    ``places`` are indices of positions (images, ``SAMPLES``), the same for two networks.
    """
    found = {}
    made.traced.run(images, lambda layer, value: found.setdefault(layer.name, value))
    value = found[name].flatten(2)
    chosen = places[:, None].expand(-1, value.shape[1], -1)
    return value.gather(2, chosen).permute(0, 2, 1).flatten(0, 1).double()


def energies(y):
    """Return the eigenvalues of responses' covariance, falling (section 2.1)."""
    centred = y - y.mean(0)
    return torch.linalg.eigvalsh(centred.T @ centred).flip(0).clamp_min(0)


def low_rank(y, wanted, rank):
    """Return (P, Q, b) with rank columns that minimize |wanted - (P Q' y + b)|²: section 2.2, (i).

    A reduced-rank regression, whose generalized SVD is that of the regression's prediction.
    """
    mean, target = y.mean(0), wanted.mean(0)
    centred, behind = y - mean, wanted - target
    gram = centred.T @ centred
    gram += DAMPING * gram.diagonal().mean() * torch.eye(len(gram), dtype=y.dtype)
    whole = torch.linalg.solve(gram, centred.T @ behind).T
    vectors = torch.linalg.eigh(whole @ gram @ whole.T)[1][:, -rank:]
    inner = whole.T @ vectors
    return vectors, inner, target - vectors @ (inner.T @ mean)


def reconstruct(y, wanted, rank, relu=True):
    """Return P, Q, b so that r(P Q' y + b) is near r(wanted), for r a ReLU (section 2.2).

    ``y`` are responses behind approximated layers and ``wanted`` those of the given network: the
    asymmetric error of section 2.3.
    """
    found = low_rank(y, wanted, rank)
    if not relu:
        return found
    target = wanted.relu()
    for weight in WEIGHTS:
        outer, inner, bias = found
        given = y @ inner @ outer.T + bias
        below = given.clamp_max(0)  # (ii), z <= 0
        above = ((weight * given + target) / (weight + 1)).clamp_min(0)  # (ii), z >= 0
        cost = [(target - z.relu()).square() + weight * (z - given).square()
                for z in (below, above)]
        found = low_rank(y, torch.where(cost[0] <= cost[1], below, above), rank)
    return found


def candidates(traced):
    """Return the convolutions that can be made of two: not grouped, larger than 1 x 1."""
    return [layer for layer in traced.weighted
            if layer.kind == Conv2d.kind and layer.groups == 1 and layer.weight[0, 0].numel() > 1]


def ranks_by_energy(spectra, share):
    """Return the least rank of each layer that holds a share of its energy."""
    check_share(share, "Share of energy")
    found = {}
    for name, values in spectra.items():
        held = values.cumsum(0) / values.sum().clamp_min(1e-30)
        found[name] = min(len(values), int((held < share).sum()) + 1)
    return found


def ranks_by_budget(traced, spectra, budget):
    """Return ranks whose products fit a budget and whose energies have the greatest product.

    Greedy, section 2.4: the eigenvalue that costs the least energy for its products goes next.
    """
    layers = {layer.name: layer for layer in candidates(traced)}
    fixed = traced.macs - sum(layer.macs for layer in layers.values())
    each = {name: (layer.weight[0].numel() + layer.weight.shape[0]) * positions(layer)
            for name, layer in layers.items()}
    ranks = {name: len(values) for name, values in spectra.items()}
    held = {name: float(values.sum()) for name, values in spectra.items()}
    least = fixed + sum(each.values())
    if budget < least:
        raise ValueError(f"Budget of products must be at least {least:,}, of rank 1 in all "
                         f"convolutions: {budget:,} (give a smaller --speedup)")

    def spent():
        return fixed + sum(min(layers[name].macs, each[name] * rank)
                           for name, rank in ranks.items())

    while spent() > budget:
        name = min((name for name in ranks if ranks[name] > 1), key=lambda name: float(
            spectra[name][ranks[name] - 1]) / (held[name] + 1e-30) / each[name])
        ranks[name] -= 1
        held[name] -= float(spectra[name][ranks[name]])
    return ranks


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
    network = plain(made.traced, parts.train.shape)
    retrain(network, parts.train, "retraining low ranks")
    return dense("low rank", network, parts.train.shape, ranks=ranks)


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
