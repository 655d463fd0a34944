"""Computes the outputs of every layer of a trained network in PyTorch, from file to file.

Packages that must not import PyTorch run ``python -m train.activations CKPT IMAGES -o OUTPUT``
(:mod:`sw.compare.pytorch`).
"""

from pathlib import Path

import torch

from sw import checkpoint as checkpoints
from sw.command import Parser, run
from sw.store.files import read_arrays, write_arrays

from .determinism import one_thread
from .forward.forward import outputs


@torch.no_grad()
def activations(checkpoint, images):
    """Return the outputs of each folded layer in evaluation mode.

    Parameters
    ----------
    checkpoint : sw.checkpoint.Checkpoint
        The trained network.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.

    Returns
    -------
    list of ndarray, shape (n, outputs)
        uint8 bits of the first and of hidden layers, int32 scores of the last layer.
    """
    x = torch.from_numpy(images.astype("int32")).flatten(1)
    bits = []
    for layer in checkpoint.layers[:-1]:
        made = outputs(layer, x)
        bits.extend((part > 0).numpy().astype("uint8") for part in made)
        x = made[-1]
    scores, = outputs(checkpoint.last, x)
    return [*bits, scores.numpy().astype("int32")]


def main(argv=None):
    parser = Parser(
        prog="python -m train.activations",
        description="Compute what every layer of a trained network puts out, in PyTorch.")
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="NAME.ckpt.npz from training")
    parser.add_argument("images", type=Path, metavar="IMAGES",
                        help=".npz with the array 'images', shape (n, ...)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUTPUT",
                        help=".npz to write: arrays '0', '1', ... by layer, the first one first")
    args = parser.parse_args(argv)

    images = read_arrays(args.images, "images").get("images")
    if images is None:
        raise ValueError(f"{args.images} must have the array 'images': it has not")
    with one_thread():
        outputs = activations(checkpoints.load(args.checkpoint), images)
    write_arrays(args.output, {str(index): array for index, array in enumerate(outputs)})
    print(f"wrote {args.output}")


if __name__ == "__main__":
    run(main)
