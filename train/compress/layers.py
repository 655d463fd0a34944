"""Layers of a traced float network: how each computes, and its learnables and products."""

from dataclasses import dataclass, field
from math import prod

import torch
from torch.nn import functional


@dataclass(eq=False)
class Layer:
    """Base of all layers of a :class:`train.compress.trace.Traced` network.

    Attributes
    ----------
    name : str
        Name in the optimized network, where BatchNorm is part of the layer before it.
    given : str
        Name in the given network: the path of the module, or of several joined by ``+``.
    inputs : tuple of str
        Names of the layers whose values it takes.
    shape : tuple of int
        Shape of its output, without the batch.
    learnables : dict of str to Tensor
        ``weight``, ``bias`` and the like.
    sources : dict of str to str
        Learnable to the name of the parameter in the given network.
    """

    name: str
    given: str
    inputs: tuple
    shape: tuple
    learnables: dict = field(default_factory=dict)
    sources: dict = field(default_factory=dict)

    kind = ""
    weighted = False  # whether it is products of inputs and weights
    clamps = False  # whether int8 arithmetic ends with bounds, so that a ReLU behind costs nothing

    @property
    def macs(self):
        """Products of an image."""
        return 0

    @property
    def weight(self):
        return self.learnables["weight"]

    @property
    def bias(self):
        """Bias, or None."""
        return self.learnables.get("bias")


@dataclass(eq=False)
class Input(Layer):
    kind = "input"


@dataclass(eq=False)
class Linear(Layer):
    kind = "fully connected"
    weighted = clamps = True

    def forward(self, x):
        return functional.linear(x, self.weight, self.bias)

    @property
    def macs(self):
        return self.weight.numel() * prod(self.shape[:-1])


@dataclass(eq=False)
class Conv2d(Layer):
    """Convolution.

    Attributes
    ----------
    stride, padding, dilation : tuple of int
        Of rows and columns.
    groups : int
        Groups of channels.
    """

    stride: tuple = (1, 1)
    padding: tuple = (0, 0)
    dilation: tuple = (1, 1)
    groups: int = 1

    kind = "convolution"
    weighted = clamps = True

    def forward(self, x):
        return functional.conv2d(x, self.weight, self.bias, self.stride, self.padding,
                                 self.dilation, self.groups)

    @property
    def macs(self):
        return self.weight.numel() * prod(self.shape[1:])


@dataclass(eq=False)
class Relu(Layer):
    kind = "ReLU"

    def forward(self, x):
        return functional.relu(x)


@dataclass(eq=False)
class Pool(Layer):
    """Greatest or mean value of squares.

    Attributes
    ----------
    kernel, stride, padding : tuple of int
        Of rows and columns.
    """

    kernel: tuple = (2, 2)
    stride: tuple = (2, 2)
    padding: tuple = (0, 0)


@dataclass(eq=False)
class MaxPool(Pool):
    kind = "max pool"

    def forward(self, x):
        return functional.max_pool2d(x, self.kernel, self.stride, self.padding)


@dataclass(eq=False)
class AveragePool(Pool):
    kind = "average pool"

    def forward(self, x):
        return functional.avg_pool2d(x, self.kernel, self.stride, self.padding)


@dataclass(eq=False)
class Add(Layer):
    kind = "add"
    clamps = True

    def forward(self, x, y):
        return x + y


@dataclass(eq=False)
class Reshape(Layer):
    """Values of an input in another shape, in PyTorch's order: a flatten, most often."""

    kind = "reshape"

    def forward(self, x):
        return x.reshape(len(x), *self.shape)


@dataclass(eq=False)
class Softmax(Layer):
    kind = "softmax"

    def forward(self, x):
        return functional.softmax(x, -1)


@dataclass(eq=False)
class Lstm(Layer):
    """LSTM of one layer and one direction over the rows of (steps, features)."""

    kind = "LSTM"

    def forward(self, x):
        learnables = [self.learnables[name] for name in ("weight_ih", "weight_hh")]
        biases = [self.learnables[name] for name in ("bias_ih", "bias_hh")
                  if name in self.learnables]
        state = torch.zeros(1, len(x), self.shape[-1])
        return torch.lstm(x, (state, state), learnables + biases, bool(biases), 1, 0.0, False,
                          False, True)[0]

    @property
    def macs(self):
        steps = self.shape[0]
        return steps * sum(self.learnables[name].numel() for name in ("weight_ih", "weight_hh"))


@dataclass(eq=False)
class Last(Layer):
    """Last step of a sequence."""

    kind = "last step"

    def forward(self, x):
        return x[:, -1]
