"""Float networks as PyTorch modules, made from a text of their layers."""

from math import prod

import torch
from torch import nn

from .text import WEIGHTS_LIMIT, parse


NETWORKS = {  # LeNets: LeCun et al. 1998 in Caffe's sizes, as Han et al. 2015 and 2016 have them
    "lenet300": "dense 300, dense 100, scores",
    "lenet5": "conv 20 5x5 valid, pool, conv 50 5x5 valid, pool, dense 500, scores",
    "cifar": "conv 32 norm, conv 32 norm, pool, conv 64 norm, conv 64 norm, pool, conv 128 norm, "
             "pool, drop 0.2, scores",
}
NETWORKS["lenet"] = NETWORKS["lenet5"]


class FloatNetwork(nn.Sequential):
    """Float network of the layers of a text.

    The layers are named ``conv1``, ``norm1``, ``relu1``, ``pool1``, ``flat``, ``fc1``, ``scores``.
    The network takes float32 (n, ``*input_shape``) and gives logits, float32 (n, classes).

    Parameters
    ----------
    text : str
        Layers, as :mod:`train.compress.text` reads them.
    input_shape : tuple of int
        Shape of an input as :func:`train.compress.data.floats` gives it: (channels, rows, columns)
        or (features,).
    classes : int
        Number of classes.
    """

    def __init__(self, text, input_shape, classes):
        super().__init__()
        self.text = text
        self.input_shape = tuple(input_shape)
        self.classes = classes
        shape = self.input_shape
        self._weights = 0
        for part in parse(text):
            shape = getattr(self, f"_{part.kind}")(part, shape)

    def _add(self, stem, layer):
        count = sum(name.startswith(stem) for name, _ in self.named_children())
        name = f"{stem}{count + 1}" if stem not in ("flat", "scores", "mean") else stem
        self.add_module(name, layer)
        return name

    def _conv(self, part, shape):
        if len(shape) != 3:
            raise ValueError(f"Convolution must follow a feature map: a vector of {shape[0]} comes "
                             f"before 'conv {part.neurons}' (put dense layers last)")
        channels, *sides = shape
        kernel = part.rows, part.columns
        padding = (0, 0) if part.valid else tuple((size - 1) // 2 for size in kernel)
        sides = [(side + 2 * pad - size) // part.stride + 1
                 for side, pad, size in zip(sides, padding, kernel, strict=True)]
        if min(sides) < 1:
            raise ValueError(f"Kernel of 'conv {part.neurons}' must fit into its feature map, "
                             f"{shape[1]} x {shape[2]}: {part.rows}x{part.columns}")
        self._count(channels * prod(kernel) * part.neurons)
        self._add("conv", nn.Conv2d(channels, part.neurons, kernel, part.stride, padding,
                                    bias=not (part.norm or part.nobias)))
        self._behind(part, nn.BatchNorm2d)
        return part.neurons, *sides

    def _dense(self, part, shape, name="fc"):
        if len(shape) > 1:
            self._add("flat", nn.Flatten())
        neurons = part.neurons or self.classes
        self._count(prod(shape) * neurons)
        self._add(name, nn.Linear(prod(shape), neurons, bias=not (part.norm or part.nobias)))
        if part.neurons:
            self._behind(part, nn.BatchNorm1d)
        return (neurons,)

    def _scores(self, part, shape):
        return self._dense(part, shape, "scores")

    def _pool(self, part, shape):
        if len(shape) != 3 or min(shape[1:]) < part.rows:
            raise ValueError(f"Pool must fit into a feature map: 'pool {part.rows}' follows "
                             f"{' x '.join(map(str, shape))}")
        self._add("pool", nn.MaxPool2d(part.rows))
        return shape[0], *(side // part.rows for side in shape[1:])

    def _mean(self, part, shape):
        if len(shape) != 3:
            raise ValueError(f"Mean must follow a feature map: a vector of {shape[0]} comes before")
        self._add("mean", nn.AdaptiveAvgPool2d(1))
        return shape[0], 1, 1

    def _drop(self, part, shape):
        self._add("drop", nn.Dropout(part.share))
        return shape

    def _behind(self, part, norm):
        if part.norm:
            self._add("norm", norm(part.neurons))
        if not part.linear:
            self._add("relu", nn.ReLU())

    def _count(self, weights):
        """Refuse sizes before memory is taken."""
        self._weights += weights
        if self._weights > WEIGHTS_LIMIT:
            raise ValueError(f"Weights of a network must be at most {WEIGHTS_LIMIT:,}: "
                             f"{self._weights:,}")


def build(name_or_text, input_shape, classes, seed=0):
    """Return a network of a name in :data:`NETWORKS`, or of a text; its weights by the seed."""
    text = NETWORKS.get(name_or_text, name_or_text)
    if " " not in text and "," not in text and text != "scores":
        raise ValueError(f"Network must be one of {', '.join(NETWORKS)}, or layers: {text}")
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        network = FloatNetwork(text, input_shape, classes)
    return network.to(memory_format=torch.channels_last)  # half the time of a training
