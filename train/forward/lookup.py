"""PyTorch's look-up layer: the inputs of each table form the number of one of its rows."""

import torch

from sw.trained.lookup import TrainedLookup

from .forward import FORWARD


@FORWARD.register(TrainedLookup)
def forward_lookup(layer, x):
    """Return -1 or +1 for each neuron."""
    wires = torch.tensor(layer.wires, dtype=torch.int64)
    tables = torch.tensor(layer.tables, dtype=torch.int8)
    bits = (x > 0).to(torch.int64)
    row = torch.zeros(len(x), layer.outputs, dtype=torch.int64)
    for place in range(wires.shape[1]):
        row += bits[:, wires[:, place]] << place
    chosen = tables.gather(1, row.T).T
    return 2 * chosen - 1
