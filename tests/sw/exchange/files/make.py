"""Trains the networks of this folder with Brevitas and exports them: see README.md.

Needs packages that the project does not: ``pip install brevitas==0.13.4 'setuptools<81' onnxscript
onnxoptimizer``. Run from the project's root: ``python -m tests.sw.exchange.files.make``.
"""

from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import multi_margin_loss

from sw.data import datasets


FOLDER = Path(__file__).parent
BATCH, IMAGES = 100, 200
WIDTHS = {"weight_bit_width": 1, "act_bit_width": 1}


def networks():
    """Return the untrained networks and their epochs, by name."""
    from brevitas_examples.bnn_pynq.models import CNV as cnv
    from brevitas_examples.bnn_pynq.models.FC import FC
    cnv.CNV_OUT_CH_POOL[:] = [(8, False), (8, True), (16, True)]
    cnv.INTERMEDIATE_FC_FEATURES[:] = [(16 * 5 * 5, 24)]
    cnv.LAST_FC_IN_FEATURES = 24
    makers = {
        "fc": (lambda: FC(10, in_bit_width=1, in_channels=1, out_features=[32, 32], **WIDTHS), 3),
        "fc-2bits": (lambda: FC(10, 2, 2, 2, 1, [24, 24]), 2),
        "conv": (lambda: cnv.CNV(10, in_bit_width=8, in_ch=1, **WIDTHS), 1),
    }
    for name, (make, epochs) in makers.items():
        torch.manual_seed(1)
        yield name, make(), epochs


def train(network, epochs, images, labels):
    """Train with a squared hinge loss; latent weights stay in -1..1."""
    steps = epochs * len(images) // BATCH
    optimizer = torch.optim.Adam(network.parameters(), 2e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(1)
    order = torch.cat([torch.randperm(len(images), generator=generator) for _ in range(epochs)])
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


def main():
    from brevitas.export import export_qonnx
    data = datasets.load("mnist", download=False)
    images, tests = (torch.from_numpy(each[:, None]) for each in (data.train_images,
                                                                  data.test_images[:IMAGES]))
    torch.set_num_threads(1)
    for name, network, epochs in networks():
        train(network, epochs, images, torch.from_numpy(data.train_labels))
        with torch.no_grad():
            scores = network(tests.float() / 255).numpy()
        np.savez_compressed(FOLDER / f"{name}.scores.npz", scores=scores)
        export_qonnx(network, torch.rand(1, 1, 28, 28), FOLDER / f"{name}.onnx")
        (FOLDER / f"{name}.onnx.data").unlink(missing_ok=True)  # left by the exporter, and unused
        print(f"wrote {name}.onnx and {name}.scores.npz")


if __name__ == "__main__":
    main()
