"""Folds BatchNorm and sign into integer thresholds, exactly as the network was evaluated."""

from pathlib import Path

from . import checkpoint as checkpoints
from .artefact import stem
from .command import Parser, run
from .network import Network, save
from .trained.kind import folded


def fold(checkpoint):
    """Return the folded network of a checkpoint.

    Parameters
    ----------
    checkpoint : sw.checkpoint.Checkpoint
        Latent weights and BatchNorm.

    Returns
    -------
    sw.network.Network
        For every input its bits and scores equal the checkpoint's in evaluation.
    """
    return Network(
        layers=[made for layer in checkpoint.layers for made in folded(layer)],
        labels=checkpoint.labels,
        input_shape=checkpoint.input_shape,
        provenance=checkpoint.provenance,
        conversion=checkpoint.conversion,
        positive=True)


def main(argv=None):
    parser = Parser(prog="python -m sw.fold", description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="NAME.ckpt.npz from training")
    parser.add_argument("-o", "--output", type=Path, metavar="NET",
                        help="folded network to write (default: NAME.net.npz beside CKPT)")
    args = parser.parse_args(argv)

    checkpoint = checkpoints.load(args.checkpoint)
    network = fold(checkpoint)
    output = args.output or beside(args.checkpoint, ".net.npz")
    save(output, network)
    for layer in checkpoint.layers:
        made = folded(layer)
        if layer not in made:  # training changed it
            print(layer.report(*made))
    print(f"wrote {output} (identity {network.identity[:12]})")


def beside(path, suffix):
    """Return the path of another file of the same network: NAME.ckpt.npz, NAME.net.npz, ..."""
    return path.with_name(stem(path) + suffix)


if __name__ == "__main__":
    run(main)
