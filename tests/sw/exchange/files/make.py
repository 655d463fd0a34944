"""Trains networks of Brevitas' examples briefly and exports them: see README.md.

Needs the extra ``brevitas``. From the project's root, ``python -m tests.sw.exchange.files.make``
makes the files of this folder, and ``… make tfc lfc cnv -o FOLDER`` makes whole topologies.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch.nn.functional import multi_margin_loss

from sw.data import datasets


FOLDER = Path(__file__).parent
BATCH, IMAGES = 100, 200
WIDTHS = {"weight_bit_width": 1, "act_bit_width": 1}


@dataclass(frozen=True)
class Recipe:
    """Topology and training of a network.

    Attributes
    ----------
    make : callable
        Returns the untrained network.
    epochs : float
        Passes over the training images.
    dataset : str
        Name of the dataset.
    rate : float
        Learning rate of the first step.
    """

    make: Callable
    epochs: float
    dataset: str = "mnist"
    rate: float = 2e-2


def fc(widths, bits=1):
    """Return a dense network of Brevitas' examples."""
    from brevitas_examples.bnn_pynq.models.FC import FC
    return FC(10, bits, bits, bits, 1, widths)


def cnv():
    """Return the convolutional network of Brevitas' examples."""
    from brevitas_examples.bnn_pynq.models.CNV import CNV
    return CNV(10, in_bit_width=8, in_ch=3, **WIDTHS)


def small_cnv():
    """Return a small relative of CNV for images of 28 x 28 and one channel."""
    from brevitas_examples.bnn_pynq.models import CNV as module
    with patch.multiple(module, CNV_OUT_CH_POOL=[(8, False), (8, True), (16, True)],
                        INTERMEDIATE_FC_FEATURES=[(16 * 5 * 5, 24)], LAST_FC_IN_FEATURES=24):
        return module.CNV(10, in_bit_width=8, in_ch=1, **WIDTHS)


FILES = {
    "fc": Recipe(lambda: fc([32, 32]), 3),
    "fc-2bits": Recipe(lambda: fc([24, 24], 2), 2),
    "conv": Recipe(small_cnv, 1),
}
WHOLE = {
    "tfc": Recipe(lambda: fc([64] * 3), 1),
    "lfc": Recipe(lambda: fc([1024] * 3), 1),
    "cnv": Recipe(cnv, 0.5, "cifar10-jpeg", 1e-2),
}


def train(network, recipe, images, labels):
    """Train with a squared hinge loss; latent weights stay in -1..1."""
    steps = int(recipe.epochs * len(images)) // BATCH
    optimizer = torch.optim.Adam(network.parameters(), recipe.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(1)
    order = torch.cat([torch.randperm(len(images), generator=generator)
                       for _ in range(ceil(recipe.epochs))])
    network.train()
    for step in range(steps):
        some = order[step * BATCH:(step + 1) * BATCH]
        loss = multi_margin_loss(network(images[some].float() / 255), labels[some], p=2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        network.clip_weights(-1, 1)
        schedule.step()
    network.eval()


def channels_first(images):
    """Return images (n, rows, columns) or (n, rows, columns, 3) as PyTorch takes them."""
    return torch.from_numpy(images.reshape(*images.shape[:3], -1)).permute(0, 3, 1, 2).contiguous()


def trained(recipe, limit=None):
    """Return a trained network and the dataset's test images.

    Parameters
    ----------
    recipe : Recipe
        Topology and training.
    limit : int, optional
        Number of training images.
    """
    data = datasets.load(recipe.dataset, download=False)
    torch.manual_seed(1)
    network = recipe.make()
    train(network, recipe, channels_first(data.train_images[:limit]),
          torch.from_numpy(data.train_labels[:limit]))
    return network, channels_first(data.test_images)


def export(network, images, path):
    """Write a network as QONNX; ``images`` are examples of its input."""
    from brevitas.export import export_qonnx
    export_qonnx(network, torch.rand(1, *images.shape[1:]), path)
    path.with_name(f"{path.name}.data").unlink(missing_ok=True)  # of the exporter, and unused


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=FILES, choices=[*FILES, *WHOLE], metavar="NAME")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, metavar="FOLDER")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.names:
        network, tests = trained((FILES | WHOLE)[name])
        with torch.no_grad():
            scores = network(tests[:IMAGES].float() / 255).numpy()
        np.savez_compressed(args.output / f"{name}.scores.npz", scores=scores)
        export(network, tests, args.output / f"{name}.onnx")
        print(f"wrote {name}.onnx and {name}.scores.npz", flush=True)


if __name__ == "__main__":
    main()
