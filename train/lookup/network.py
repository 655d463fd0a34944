"""Look-up networks: in training with latent wires and tables, afterwards with hard ones."""

import numpy as np
import torch
from torch import nn

from sw.checkpoint import Checkpoint
from sw.trained.last import Last
from sw.trained.lookup import TrainedLookup

from . import kernels
from .packed import WORD, pack, unpack


PRUNED = 0.01  # chance below which a candidate takes no part in a step
STRIDE = 32    # images that the kernels take at once


class Look(torch.autograd.Function):
    """Hard tables at hard wires; gradients of soft tables at mixed candidates."""

    @staticmethod
    def forward(ctx, x, weight, logits, candidates, inputs):
        chances = torch.softmax(weight, 2)
        chances[chances < PRUNED] = 0
        wires = candidates.gather(2, weight.argmax(2, keepdim=True)).contiguous()
        ctx.save_for_backward(x, candidates, chances, torch.sigmoid(logits))
        ctx.inputs = inputs
        return kernels.best().look_up(x, wires, torch.ones(wires.shape), (logits > 0).float())

    @staticmethod
    def backward(ctx, gradient):
        x, candidates, chances, tables = ctx.saved_tensors
        of_tables, of_chances, of_inputs = kernels.best().gradients(
            x, candidates, chances, tables, gradient, inputs=ctx.inputs)
        mean = (chances * of_chances).sum(2, keepdim=True)
        return (of_inputs, chances * (of_chances - mean), of_tables * tables * (1 - tables), None,
                None)


class LatentTables(nn.Module):
    """A layer in training; vectors lie in columns.

    Parameters
    ----------
    neurons, inputs : int
        Tables, and inputs of each.
    pool : Pool
        Candidates of the wires.
    count : int
        Candidates of a wire at first.
    generator : torch.Generator
        Source of candidates, wires and tables.
    """

    def __init__(self, neurons, inputs, pool, *, count, generator):
        super().__init__()
        self.register_buffer("candidates", pool.draw(neurons, inputs, count, generator))
        self.weight = nn.Parameter(torch.randn(self.candidates.shape, generator=generator))
        matrix = walsh(inputs)
        logits = torch.randn((neurons, 2**inputs), generator=generator)
        self.spectrum = nn.Parameter(logits @ matrix / 2**inputs)
        self.matrix = matrix

    @property
    def logits(self):
        """Logits of the tables' bits."""
        return self.spectrum @ self.matrix

    def forward(self, x, inputs):
        """Return the outputs; ``inputs`` says whether the inputs get gradients."""
        return Look.apply(x, self.weight, self.logits, self.candidates, inputs)

    @torch.no_grad()
    def hard(self):
        """Return wires, int32 (neurons, k), and tables, uint8 (neurons, 2**k)."""
        chosen = self.weight.argmax(2, keepdim=True)
        return (self.candidates.gather(2, chosen)[:, :, 0].contiguous(),
                (self.logits > 0).to(torch.uint8))

    def resize(self, count):
        """Resize for another number of candidates, before parameters are loaded."""
        shape = (*self.candidates.shape[:2], count)
        self.candidates = torch.zeros(shape, dtype=torch.int32)
        self.weight = nn.Parameter(torch.zeros(shape))


class LatentNetwork(nn.Module):
    """A look-up network in training.

    Parameters
    ----------
    layers : sequence of Tables
        Sizes.
    pools : sequence of Pool
        Candidates of each layer.
    inputs, classes : int
        Bits of the encoder; classes.
    heat : float
        Factor on the votes of a class before softmax.
    count : int
        Candidates of a wire at first.
    generator : torch.Generator
        Source of first parameters.
    """

    def __init__(self, layers, pools, inputs, classes, *, heat, count, generator):
        super().__init__()
        self.layers = nn.ModuleList(
            LatentTables(layer.neurons, layer.inputs, pool, count=count, generator=generator)
            for layer, pool in zip(layers, pools, strict=True))
        self.inputs = inputs
        self.classes = classes
        self.heat = heat

    @property
    def synapses(self):
        return self.hard().synapses

    def logits(self, x):
        """Return logits, float32 (n, classes), of ±1 bits, shape (n, inputs)."""
        count = len(x)
        columns = torch.zeros((x.shape[1], -(-count // STRIDE) * STRIDE))
        columns[:, :count] = (x > 0).T
        for index, layer in enumerate(self.layers):
            columns = layer(columns, index > 0)
        votes = columns.view(self.classes, -1, columns.shape[1])[:, :, :count]
        return (votes.sum(1).T - votes.shape[1] / 2) * self.heat

    def clamp(self):
        """Do nothing, because the parameters have no limit."""

    def hard(self):
        """Return the network as it is evaluated."""
        return TableNetwork([layer.hard() for layer in self.layers], self.inputs, self.classes,
                            self.heat)

    @torch.no_grad()
    def shrink(self, count, optimizer):
        """Keep each wire's ``count`` most probable candidates, and Adam's moments of them."""
        for layer in self.layers:
            old = layer.weight
            if old.shape[2] <= count:
                continue
            kept = old.topk(count, 2).indices
            moments = optimizer.state.pop(old, {})
            layer.candidates = layer.candidates.gather(2, kept)
            layer.weight = nn.Parameter(old.detach().gather(2, kept))
            group, = optimizer.param_groups
            group["params"] = [layer.weight if part is old else part for part in group["params"]]
            optimizer.state[layer.weight] = {
                name: value.gather(2, kept) if value.ndim else value
                for name, value in moments.items()}

    def load_state_dict(self, state):
        """Load all parameters, also of a network with fewer candidates."""
        for index, layer in enumerate(self.layers):
            layer.resize(state[f"layers.{index}.candidates"].shape[2])
        super().load_state_dict(state)


class TableNetwork(nn.Module):
    """A look-up network as it is evaluated.

    Parameters
    ----------
    layers : sequence of tuple of Tensor
        Wires, int32 (neurons, k), and tables, uint8 (neurons, 2**k), of each layer.
    inputs, classes, heat
        As in :class:`LatentNetwork`.
    """

    def __init__(self, layers, inputs, classes, heat):
        super().__init__()
        self.depth = len(layers)
        for index, (wires, tables) in enumerate(layers):
            self.register_buffer(f"wires{index}", wires)
            self.register_buffer(f"tables{index}", tables)
        self.inputs = inputs
        self.classes = classes
        self.heat = heat

    @property
    def layers(self):
        """Wires and tables of each layer."""
        return [(getattr(self, f"wires{index}"), getattr(self, f"tables{index}"))
                for index in range(self.depth)]

    @property
    def synapses(self):
        return sum(wires.numel() for wires, _ in self.layers) + len(self.layers[-1][0])

    def hard(self):
        return self

    def forward(self, x):
        """Return scores, float32 (n, classes), of ±1 bits, shape (n, inputs), in plain PyTorch."""
        bits = (x > 0).T
        for wires, tables in self.layers:
            rows = sum(bits[wire.long()].long() << place for place, wire in enumerate(wires.T))
            bits = tables.gather(1, rows) > 0
        return scores_of(bits, self.classes)

    def rows(self, bits):
        """Return packed bits of the encoder, and the packed outputs of each layer.

        ``bits`` are int64 (inputs, words).
        """
        rows = [bits]
        for wires, tables in self.layers:
            rows.append(kernels.best().evaluate(rows[-1], wires, tables))
        return rows

    @torch.no_grad()
    def scores(self, x):
        """Return the scores of :meth:`forward`, from the kernels."""
        bits = (x > 0).view(torch.uint8)
        missing = -len(bits) % WORD
        filled = torch.cat([bits, bits.new_zeros((missing, bits.shape[1]))])
        outputs = unpack(self.rows(pack(filled.T.contiguous()))[-1])
        return scores_of(outputs[:, :len(x)], self.classes)

    def checkpoint(self, encoder, **facts):
        """Return the network as a checkpoint; ``facts`` are the checkpoint's other fields."""
        widths = [self.inputs, *(len(wires) for wires, _ in self.layers)]
        hidden = [TrainedLookup(f"lut{index}", wires.numpy().copy(), tables.numpy().copy(), width)
                  for index, ((wires, tables), width)
                  in enumerate(zip(self.layers, widths, strict=False), 1)]
        group = widths[-1] // self.classes
        mask = np.kron(np.eye(self.classes, dtype=np.uint8), np.ones((1, group), np.uint8))
        last = Last("votes", mask.astype(np.float32), mask, np.zeros(self.classes, np.int32),
                    self.heat / 2)
        return Checkpoint(encoder, hidden, last, **facts)


def scores_of(bits, classes):
    """Return each class's ones minus its zeros, float32 (n, classes), of bits (neurons, n)."""
    votes = bits.view(classes, -1, bits.shape[1])
    return 2 * votes.sum(1, dtype=torch.float32).T - votes.shape[1]


def walsh(inputs):
    """Return the Walsh-Hadamard matrix, float32 (2**inputs, 2**inputs).

    Its rows are the products of the inputs, as +1 and -1, of each subset.
    """
    matrix = torch.ones((1, 1))
    for _ in range(inputs):
        matrix = torch.kron(torch.tensor([[1.0, 1.0], [1.0, -1.0]]), matrix)
    return matrix
