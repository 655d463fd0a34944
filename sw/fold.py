"""Folds BatchNorm and sign into integer thresholds, exactly as the network was evaluated."""

import argparse
from pathlib import Path

import numpy as np

from . import checkpoint as checkpoints
from .artefact import stem
from .command import run
from .network import Dense, Network, Scores, save


def fold(checkpoint):
    """Return the folded network of a checkpoint.

    Parameters
    ----------
    checkpoint : sw.checkpoint.Checkpoint
        Latent weights and BatchNorm.

    Returns
    -------
    sw.network.Network
        Gives the same bits and scores as the checkpoint in evaluation, for every input.
    """
    last = checkpoint.last
    return Network(
        layers=(checkpoint.encoder, *map(fold_hidden, checkpoint.hidden),
                Scores(last.name, last.weights, last.bias)),
        labels=checkpoint.labels,
        input_shape=checkpoint.input_shape,
        provenance=checkpoint.provenance)


def fold_hidden(layer):
    """Return the folded form of one hidden layer.

    BatchNorm is evaluated in the arithmetic of training at every popcount from ``0`` to
    ``fan_in``; the threshold is the first at which the neuron fires, ``fan_in + 1`` if it never
    does. No inequality is solved for a threshold: rounding would decide it otherwise.

    Parameters
    ----------
    layer : sw.checkpoint.Hidden
        A layer as trained.

    Returns
    -------
    sw.network.Dense
        Rows with a negative ``gamma`` are inverted, so that every comparison is ``>=``; where
        ``gamma`` is 0 the neuron is constant.
    """
    weights = layer.weights
    fan_in = np.count_nonzero(weights, axis=1).astype(np.int32)
    direction = np.where(layer.gamma < 0, np.int8(-1), np.int8(1))
    thresholds = fan_in + np.int32(1)
    for popcount in range(int(fan_in.max()), -1, -1):
        # Overflow is part of that arithmetic: infinity fires, NaN does not, there as here.
        with np.errstate(over="ignore", invalid="ignore"):
            fires = layer.normalize(direction * (2 * popcount - fan_in)) >= 0
        thresholds[fires & (popcount <= fan_in)] = popcount
    return Dense(layer.name, weights * direction[:, None], thresholds)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m sw.fold", description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="NAME.ckpt.npz from training")
    parser.add_argument("-o", "--output", type=Path, metavar="NET",
                        help="folded network to write (default: NAME.net.npz beside CKPT)")
    args = parser.parse_args(argv)

    checkpoint = checkpoints.load(args.checkpoint)
    network = fold(checkpoint)
    output = args.output or beside(args.checkpoint, ".net.npz")
    save(output, network)
    for trained, layer in zip(checkpoint.hidden, network.hidden, strict=True):
        inverted = int((trained.gamma < 0).sum())
        constant = int(((layer.thresholds == 0) | (layer.thresholds > layer.fan_in)).sum())
        print(f"{layer.name}: {layer.inputs} inputs, {layer.outputs} neurons, {layer.synapses} "
              f"synapses, {inverted} inverted for a negative gamma, {constant} constant")
    scores = network.scores
    print(f"{scores.name}: {scores.inputs} inputs, {scores.outputs} classes, {scores.synapses} "
          f"synapses, {scores.score_bits}-bit scores")
    print(f"wrote {output} (identity {network.identity[:12]})")


def beside(path, suffix):
    """Return the path of another file of the same network: NAME.ckpt.npz, NAME.net.npz, ..."""
    return path.with_name(stem(path) + suffix)


if __name__ == "__main__":
    run(main)
