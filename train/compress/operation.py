"""Operations of an exported program as layers; BatchNorm merged into the products before it.

A function takes the reader of :mod:`train.compress.trace` and a node, and returns a layer.
"""

import torch

from .layers import (
    Add,
    AveragePool,
    Conv2d,
    Last,
    Linear,
    Lstm,
    MaxPool,
    Relu,
    Reshape,
    Softmax,
)


def linear(reader, node):
    x, weight, *bias = node.args
    return Linear(*reader.common(node, x),
                  *reader.learnables(node, weight=weight, bias=bias[0] if bias else None))


def conv2d(reader, node):
    x, weight, bias, stride, padding, dilation, groups = _filled(
        node, None, (1, 1), (0, 0), (1, 1), 1, wanted=2)
    if isinstance(padding, str):
        sides = weight.meta["val"].shape[2:]
        if padding == "same" and all(side % 2 for side in sides):
            padding = [(side - 1) // 2 for side in sides]
        elif padding == "valid":
            padding = (0, 0)
        else:
            raise ValueError(f"Convolution {reader.path(node)!r} must be padded alike on both "
                             f"sides: padding={padding!r}")
    return Conv2d(*reader.common(node, x), *reader.learnables(node, weight=weight, bias=bias),
                  _pair(stride), _pair(padding), _pair(dilation), groups)


def relu(reader, node):
    return Relu(*reader.common(node, node.args[0]))


def max_pool(reader, node):
    x, kernel, stride, padding, dilation, ceil = _filled(node, None, 0, 1, False, wanted=2)
    if _pair(dilation) != (1, 1) or ceil:
        raise ValueError(f"Pool {reader.path(node) or node.name!r} must have neither dilation nor "
                         f"ceil_mode")
    return MaxPool(*reader.common(node, x), kernel=_pair(kernel),
                   stride=_pair(stride or kernel), padding=_pair(padding))


def average_pool(reader, node):
    x, kernel, stride, padding, ceil = _filled(node, None, 0, False, wanted=2)[:5]
    if _pair(padding) != (0, 0) or ceil:
        raise ValueError(f"Pool {reader.path(node) or node.name!r} must have neither padding nor "
                         f"ceil_mode")
    return AveragePool(*reader.common(node, x), kernel=_pair(kernel),
                       stride=_pair(stride or kernel))


def adaptive_pool(reader, node):
    x, size = node.args[:2]
    if _pair(size) != (1, 1):
        raise ValueError(f"Pool {reader.path(node) or node.name!r} must give one value a channel: "
                         f"{size}")
    return _global_pool(reader, node, x)


def mean(reader, node):
    x, axes = node.args[:2]
    rank = len(x.meta["val"].shape)
    if rank != 4 or sorted(axis % rank for axis in axes) != [2, 3]:
        raise ValueError(f"Mean {node.name!r} must be over rows and columns: axes {axes}")
    return _global_pool(reader, node, x)


def _global_pool(reader, node, x):
    sides = tuple(x.meta["val"].shape[2:])
    name, given, inputs, shape = reader.common(node, x)
    layer = AveragePool(name, given, inputs, (shape[0], 1, 1), kernel=sides, stride=sides)
    if len(shape) == 3:
        return layer
    reader.keep(object(), layer)
    return Reshape(f"{layer.name}_flat", given, (layer.name,), shape)


def add(reader, node):
    if node.kwargs.get("alpha", 1) != 1:
        raise ValueError(f"Add {node.name!r} must have no factor: alpha={node.kwargs['alpha']}")
    layer = Add(*reader.common(node, *node.args[:2]))
    if any(reader.shape(value) != layer.shape for value in node.args[:2]):
        raise ValueError(f"Add {node.name!r} must have inputs of one shape: "
                         f"{' and '.join(str(reader.shape(value)) for value in node.args[:2])}")
    return layer


def reshape(reader, node):
    return Reshape(*reader.common(node, node.args[0]))


def softmax(reader, node):
    x, axis = node.args[:2]
    if axis not in (-1, len(reader.shape(x))):
        raise ValueError(f"Softmax {reader.path(node) or node.name!r} must be over the last axis: "
                         f"{axis}")
    return Softmax(*reader.common(node, x))


def lstm(reader, node):
    x, _, weights, biased, layers, _, _, both, first = node.args
    if layers != 1 or both or not first or len(weights) != 2 + 2 * biased:
        raise ValueError(f"LSTM {reader.path(node)!r} must have one layer, one direction, and "
                         f"batch_first=True (write several as several modules)")
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return Lstm(*reader.common(node, x),
                *reader.learnables(node, **dict(zip(names, weights, strict=False))))


def select(reader, node):
    x, axis, place = node.args
    steps = reader.shape(x)[0]
    if axis != 1 or len(reader.shape(x)) != 2 or place not in (-1, steps - 1):
        raise ValueError(f"Layer {node.name!r} must be the last step of a sequence: "
                         f"select({axis}, {place})")
    return Last(*reader.common(node, x))


@torch.no_grad()
def batch_norm(reader, node):
    """Merge BatchNorm into the convolution or fully connected layer before it."""
    x, scale, shift, mean, variance, _, _, epsilon, _ = node.args
    name = reader.path(node) or node.name
    layer = next((layer for layer in reader.layers if layer.name == reader.made.get(x)), None)
    users = [user for user in x.users if user is not node]
    if layer is None or not layer.weighted or users:
        raise ValueError(f"BatchNorm {name!r} must follow a convolution or fully connected layer "
                         f"that nothing else reads")
    values, sources = reader.learnables(node, weight=scale, bias=shift, mean=mean,
                                        variance=variance)
    if not {"mean", "variance"} <= set(values):
        raise ValueError(f"BatchNorm {name!r} must keep running statistics "
                         f"(track_running_stats=True)")
    factor = (values["variance"] + epsilon).rsqrt() * values.get("weight", 1.0)
    bias = layer.bias if layer.bias is not None else torch.zeros_like(factor)
    axes = (-1, *(1,) * (layer.weight.ndim - 1))
    layer.learnables = {"weight": layer.weight * factor.reshape(axes),
                        "bias": (bias - values["mean"]) * factor + values.get("bias", 0.0)}
    layer.sources = {"weight": layer.sources["weight"], "bias": sources.get("bias", f"{name}.bias")}
    layer.given = f"{layer.given}+{name}"
    reader.made[node] = layer.name


OPERATIONS = {
    "aten.linear": linear, "aten.conv2d": conv2d, "aten.relu": relu, "aten.relu_": relu,
    "aten.max_pool2d": max_pool, "aten.avg_pool2d": average_pool,
    "aten.adaptive_avg_pool2d": adaptive_pool, "aten.mean": mean, "aten.add": add,
    "aten.add_": add, "aten.flatten": reshape, "aten.view": reshape, "aten.reshape": reshape,
    "aten.squeeze": reshape, "aten.unsqueeze": reshape, "aten.softmax": softmax,
    "aten.lstm": lstm, "aten.select": select,
}


def _filled(node, *defaults, wanted):
    """Return a node's arguments, those left out by their defaults; ``wanted`` are always given."""
    given = list(node.args)
    return given + list(defaults[len(given) - wanted:])


def _pair(value):
    values = (value,) if isinstance(value, int) else tuple(value)
    return values * 2 if len(values) == 1 else values
