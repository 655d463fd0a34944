"""Sparse layers in training: neurons that look at some candidates, at the end at few synapses.

What a neuron has many candidates of is multiplied as a matrix, few as lists.

Vectors lie in columns here, shape (inputs, images): the sum over a neuron's synapses is then a sum
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


# PyTorch calls its sparse tensors beta: the tests here compare what is used of them. The filter
# stays for the process, because a filter for a block would change those of all threads as well.
warnings.filterwarnings("ignore", message="Sparse (CSR tensor support|invariant checks)")

# Part of its inputs from which on a layer that looks at what is near multiplies with a matrix that
# has zeros. Measured where the processor has bfloat16, 768 neurons of 2,352 inputs: at 1/6 a step
# takes 19 ms instead of 25 ms with lists, at 1/16 it takes 16 instead of 10. Elsewhere, 960 neurons
# of 784 inputs: at 1/4 it takes 26 ms with it, 13 to 20 with lists; no recipe is from 1/3 to 1.
DENSE = {True: 1 / 16, False: 1 / 2}


class Links:
    """Which inputs each neuron looks at, ready for the three products of a training step.

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
        self.order = torch.argsort(flat, stable=True)  # links by input instead of by neuron
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
    """Sums over the synapses, whose weights' gradients also reach all other candidates."""

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
    """BatchNorm over each row, then sign, with the gradients of the two in few passes."""

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
        Inputs that each neuron can choose its synapses from.
    limit : float
        Latent weights are kept in ``-limit..limit``.
    generator : torch.Generator
        Source of candidates and first weights.
    places : tuple of Tensor or None
        Where inputs and neurons lie (:mod:`train.places`), for the nearest inputs as candidates;
        None for random ones.
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
        """Take another mask, uint8 (neurons, reach), as many ones in each row."""
        self.mask.copy_(mask)
        self.refresh()

    def compact(self):
        """Drop all candidates that are no synapses: from now on they cannot come back."""
        columns = self._columns()
        self.candidates = self.candidates.gather(1, columns)
        self.weight = nn.Parameter(self.weight.detach().gather(1, columns))
        self.mask = torch.ones_like(columns, dtype=torch.uint8)
        self.refresh()

    def resize(self, reach):
        """Make room for another number of candidates, to be loaded next."""
        self.candidates = torch.zeros((self.neurons, reach), dtype=torch.int64)
        self.weight = nn.Parameter(torch.zeros((self.neurons, reach)))
        self.mask = torch.ones((self.neurons, reach), dtype=torch.uint8)

    def refresh(self):
        """Derive what training multiplies with from candidates and mask."""
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
        """Return the candidates' signs with zeros between them, shape (neurons, inputs)."""
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

    All inputs stand in about as many rows: neurons that nobody looks at are wasted.
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
        with torch.no_grad():  # or the running averages would hold the graph of every step
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
        Inputs that a neuron of each layer can choose its synapses from.
    places : Tensor or None
        Where the inputs lie, shape (inputs, 2): a neuron's candidates are those nearest to its own
        place. None: they are random.
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
        """Take all parameters, of a network whose candidates may have been dropped already."""
        for index, linear in enumerate(self.linear):
            linear.resize(state[f"linear.{index}.mask"].shape[1])
        super().load_state_dict(state)
        for linear in self.linear:
            linear.refresh()
