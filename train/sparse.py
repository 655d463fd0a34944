"""Sparse layers in training: a neuron reads some candidates, and in the end its few synapses.

Layers with many candidates per neuron use a dense product; layers with few use index lists.

Vectors lie in columns here, shape (inputs, images). The sum over a neuron's synapses is then a sum
of whole rows, thirty times faster than a product with a matrix that is nearly all zeros.
"""

import warnings
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from .binarize import Normalize, SignActivation, SignWeight, bipolar, has_bfloat16, product
from .models import Network
from .places import nearest, of_neurons


# PyTorch calls its sparse tensors beta; tests here check the operations that are used. The filter
# stays for the process, because a filter for a block would change those of all threads as well.
warnings.filterwarnings("ignore", message="Sparse (CSR tensor support|invariant checks)")

# Least share of candidates among the inputs for which a layer of near inputs uses a dense product.
# Measured where the processor has bfloat16, for 768 neurons of 2,352 inputs: at 1/6 a step takes
# 19 ms instead of 25 ms with lists, at 1/16 it takes 16 instead of 10. Elsewhere, for 960 neurons
# of 784 inputs: at 1/4 it takes 26 ms, with lists 13 to 20. No recipe lies between 1/3 and 1.
DENSE = {True: 1 / 16, False: 1 / 2}


class Links:
    """Inputs of each neuron, prepared for the three products of a training step.

    Parameters
    ----------
    inputs : int
        Size of the layer before.
    lists : Tensor of int64, shape (neurons, count)
        Inputs of each neuron, rising along a row.
    """

    def __init__(self, inputs, lists):
        neurons, count = lists.shape
        flat = lists.flatten()
        self.lists = lists
        self.order = torch.argsort(flat, stable=True)  # links in order of inputs
        self.neurons = self.order // count
        self.starts = torch.searchsorted(flat[self.order], torch.arange(inputs))
        self.pattern = torch.sparse_csr_tensor(
            torch.arange(0, neurons * count + 1, count), flat, torch.zeros(neurons * count),
            (neurons, inputs), check_invariants=False)

    def forward(self, x, signs):
        """Return the sums of each neuron, shape (neurons, images), for signs (neurons, count)."""
        return functional.embedding_bag(self.lists, x, mode="sum", per_sample_weights=signs)

    def backward(self, gradient, signs):
        """Return the gradient of the inputs, shape (inputs, images)."""
        return functional.embedding_bag(self.neurons, gradient, self.starts, mode="sum",
                                        per_sample_weights=signs.flatten()[self.order])

    def outer(self, gradient, x):
        """Return the gradient of the signs, shape (neurons, count)."""
        products = torch.sparse.sampled_addmm(self.pattern, gradient, x.T, beta=0)
        return products.values().view(self.lists.shape)


class LinkedSums(torch.autograd.Function):
    """Sums over the synapses; the weights' gradients reach candidates without synapse too."""

    @staticmethod
    def forward(ctx, x, weight, chosen, synapses, candidates):
        signs = bipolar(weight if chosen is None else weight.gather(1, chosen))
        ctx.save_for_backward(x, signs)
        ctx.links = synapses, candidates
        return synapses.forward(x, signs).float()

    @staticmethod
    def backward(ctx, gradient):
        x, signs = ctx.saved_tensors
        synapses, candidates = ctx.links
        back = synapses.backward(gradient, signs.float()) if ctx.needs_input_grad[0] else None
        return back, candidates.outer(gradient, x.float()), None, None, None


class Fire(torch.autograd.Function):
    """BatchNorm over each row, then sign. The gradient of both takes few passes over the data."""

    @staticmethod
    def forward(ctx, x, gamma, beta, mean, inverse):
        scale = gamma * inverse
        outputs = torch.addcmul((beta - mean * scale)[:, None], x, scale[:, None])
        ctx.save_for_backward(x, outputs, mean, inverse, scale)
        return bipolar(outputs)

    @staticmethod
    def backward(ctx, gradient):
        x, outputs, mean, inverse, scale = ctx.saved_tensors
        passed = outputs.abs().mul_(-1 / SignActivation.width).add_(1).clamp_(min=0).mul_(gradient)
        beta = passed.sum(1)
        gamma = (torch.linalg.vecdot(passed, x) - mean * beta) * inverse
        slope = -scale * inverse * gamma / x.shape[1]
        level = -scale * beta / x.shape[1] - slope * mean
        back = passed.mul_(scale[:, None]).add_(level[:, None]).addcmul_(x, slope[:, None])
        return back, gamma, beta, None, None


class SparseLinear(nn.Module):
    """Sums of ±1 inputs times ±1 weights over the synapses; vectors lie in columns.

    Parameters
    ----------
    inputs, neurons : int
        Size.
    reach : int
        Number of candidates of each neuron.
    limit : float
        Bound of the latent weights, ``-limit..limit``.
    generator : torch.Generator
        Source of candidates and first weights.
    places : tuple of Tensor or None
        Places of inputs and neurons (:mod:`train.places`), to take the nearest inputs as
        candidates; None for random candidates.
    """

    def __init__(self, inputs, neurons, *, reach, limit, generator, places=None):
        super().__init__()
        self.inputs = inputs
        self.limit = limit
        self.dense = 1 if places is None else DENSE[has_bfloat16()]
        self.register_buffer("candidates", candidates(inputs, neurons, reach, generator)
                             if places is None else nearest(*places, reach))
        self.weight = nn.Parameter((torch.rand((neurons, reach), generator=generator) * 2 - 1)
                                   * 0.1)
        self.register_buffer("mask", torch.ones((neurons, reach), dtype=torch.uint8))
        self._candidates = None
        self.refresh()

    @property
    def neurons(self):
        return self.weight.shape[0]

    @property
    def reach(self):
        return self.weight.shape[1]

    @property
    def synapses(self):
        return int(self.mask.sum())

    def set_mask(self, mask):
        """Set the mask, uint8 (neurons, reach), with equally many ones in each row."""
        self.mask.copy_(mask)
        self.refresh()

    def compact(self):
        """Drop all candidates without a synapse, which cannot come back afterwards."""
        columns = self._columns()
        self.candidates = self.candidates.gather(1, columns)
        self.weight = nn.Parameter(self.weight.detach().gather(1, columns))
        self.mask = torch.ones_like(columns, dtype=torch.uint8)
        self.refresh()

    def resize(self, reach):
        """Resize the parameters for another number of candidates, before these are loaded."""
        self.candidates = torch.zeros((self.neurons, reach), dtype=torch.int64)
        self.weight = nn.Parameter(torch.zeros((self.neurons, reach)))
        self.mask = torch.ones((self.neurons, reach), dtype=torch.uint8)

    def refresh(self):
        """Derive the operands of training's products from candidates and mask."""
        columns = self._columns()
        fewer = columns.shape[1] < self.reach
        self._factor = self._chosen = self._synapses = None
        if self.reach >= self.dense * self.inputs:
            self._candidates = None
            self._factor = self.mask.to(torch.bfloat16) if fewer else None
        else:
            if self._candidates is None or self._candidates.lists is not self.candidates:
                self._candidates = Links(self.inputs, self.candidates)
            self._synapses = self._candidates
            if fewer:
                self._chosen = columns
                self._synapses = Links(self.inputs, self.candidates.gather(1, columns))

    def _columns(self):
        return self.mask.nonzero()[:, 1].view(self.neurons, -1)

    def forward(self, x):
        if self.training:
            if self._candidates is None:
                return product(self._matrix(SignWeight.apply(self.weight, self._factor)), x)
            return LinkedSums.apply(x, self.weight, self._chosen, self._synapses, self._candidates)
        if self._candidates is None:
            return self._matrix(bipolar(self.weight).float() * self.mask) @ x.float()
        signs = bipolar(self.weight).float()
        return self._synapses.forward(x.float(), signs if self._chosen is None
                                      else signs.gather(1, self._chosen))

    def _matrix(self, signs):
        """Return the candidates' signs in a matrix of zeros, shape (neurons, inputs)."""
        if self.reach == self.inputs:
            return signs
        return signs.new_zeros(self.neurons, self.inputs).scatter(1, self.candidates, signs)

    def spread(self):
        """Return latent weights and mask over all inputs, both of shape (neurons, inputs)."""
        weight = torch.zeros((self.neurons, self.inputs))
        mask = torch.zeros((self.neurons, self.inputs), dtype=torch.uint8)
        return (weight.scatter_(1, self.candidates, self.weight.detach()),
                mask.scatter_(1, self.candidates, self.mask))

    def clamp(self):
        """Keep latent weights within the limit."""
        self.weight.data.clamp_(-self.limit, self.limit)


def candidates(inputs, neurons, reach, generator):
    """Return ``reach`` inputs a neuron, int64 (neurons, reach), rising along a row.

    Every input is a candidate of about equally many neurons, because a neuron that nothing reads is
    wasted.
    """
    rows = inputs // reach
    parts = [torch.randperm(inputs, generator=generator)[:rows * reach].view(rows, reach)
             for _ in range(-(-neurons // rows))]
    return torch.cat(parts)[:neurons].sort(1).values


class ColumnNormalize(Normalize):
    """BatchNorm and sign of vectors in columns."""

    def forward(self, x):
        if not self.training:
            inverse = self.gamma / torch.sqrt(self.variance + self.eps)
            return bipolar((x - self.mean[:, None]) * inverse[:, None] + self.beta[:, None])
        images = x.shape[1]
        with torch.no_grad():  # or the averages would keep every step's graph
            mean = x.mean(1)
            variance = torch.linalg.vecdot(x, x) / images - mean.square()
            self.mean.lerp_(mean, self.momentum)
            self.variance.lerp_(variance * (images / (images - 1)), self.momentum)
        return Fire.apply(x, self.gamma, self.beta, mean, torch.rsqrt(variance + self.eps))


class SparseNetwork(Network):
    """Network of sparse layers.

    Parameters
    ----------
    inputs, neurons, counts, limit, generator
        As in :class:`Network`.
    reach : sequence of int
        Number of candidates of a neuron in each layer.
    places : Tensor or None
        Places of the inputs, shape (inputs, 2), to take the inputs nearest to a neuron's place as
        candidates. None for random candidates.
    """

    def __init__(self, inputs, neurons, counts, reach, *, limit, generator, places=None):
        self.reach = tuple(reach)
        self.places = places
        super().__init__(inputs, neurons, counts, limit=limit, generator=generator)

    def _layers(self, sizes, limit, generator):
        where = [None] * len(self.reach)
        if self.places is not None:
            where = pairwise((self.places, *map(of_neurons, sizes[1:])))
        linear = (SparseLinear(*size, reach=reach, limit=limit, generator=generator, places=places)
                  for size, reach, places in zip(pairwise(sizes), self.reach, where, strict=True))
        return linear, map(ColumnNormalize, sizes[1:-1])

    def forward(self, x):
        x = x.T.contiguous()
        for linear, normal in zip(self.linear[:-1], self.normal, strict=True):
            x = normal(linear(x))
        return self.linear[-1](x).T

    def load_state_dict(self, state):
        """Load all parameters, also of a network whose candidates have been dropped."""
        for index, linear in enumerate(self.linear):
            linear.resize(state[f"linear.{index}.mask"].shape[1])
        super().load_state_dict(state)
        for linear in self.linear:
            linear.refresh()
