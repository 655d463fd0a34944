"""Measures fully connected networks of floats in PyTorch on one core: images/s, as JSON."""

import json
import time
from itertools import pairwise

import torch
from torch import nn

from sw.command import Parser, run


SECONDS = 1.0  # of processor time for a measurement
BATCHES = (1, 256)


def images_per_second(sizes, batch):
    """Return the images a second of a network on one core, in evaluation mode.

    Parameters
    ----------
    sizes : list of int
        Inputs, neurons of each hidden layer, and classes. BatchNorm is merged into the layers.
    batch : int
        Images at once.
    """
    layers = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    network = nn.Sequential(*layers[:-1]).eval()
    images = torch.rand(batch, sizes[0])
    done, spent = 0, 0.0
    with torch.inference_mode():
        network(images)  # allocates
        start = time.process_time()
        while spent < SECONDS:
            for _ in range(10):
                network(images)
            done += 10 * batch
            spent = time.process_time() - start
    return done / spent


def main(argv=None):
    parser = Parser(prog="python -m train.float_speed", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", metavar="N",
                        help="inputs, neurons of each layer, classes: 784 1024 10")
    args = parser.parse_args(argv)
    if len(args.sizes) < 2 or min(args.sizes) < 1:
        raise ValueError(f"Sizes must be two or more numbers above 0: {args.sizes}")
    torch.manual_seed(1)
    torch.set_num_threads(1)
    print(json.dumps({str(batch): round(images_per_second(args.sizes, batch))
                      for batch in BATCHES}))


if __name__ == "__main__":
    run(main)
