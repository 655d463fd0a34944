"""Saliency of weights: half of the second derivative of the loss times the weight squared."""

import torch
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight
from torch.overrides import TorchFunctionMode


class _Linear(torch.autograd.Function):
    """A product whose backward pass carries second derivatives instead of gradients."""

    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, second):
        x, weight = ctx.saved_tensors
        bias = second.flatten(0, -2).sum(0) if ctx.needs_input_grad[2] else None
        return (second @ weight.square(), second.flatten(0, -2).T @ x.flatten(0, -2).square(),
                bias)


class _Conv(torch.autograd.Function):
    """A convolution whose backward pass carries second derivatives; weights are shared."""

    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding, dilation, groups):
        ctx.save_for_backward(x, weight)
        ctx.how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return functional.conv2d(x, weight, bias, **ctx.how)

    @staticmethod
    def backward(ctx, second):
        x, weight = ctx.saved_tensors
        bias = second.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return (conv2d_input(x.shape, weight.square(), second, **ctx.how),
                conv2d_weight(x.square(), weight.shape, second, **ctx.how), bias,
                None, None, None, None)


class _Scale(torch.autograd.Function):
    """Numbers times constants: their second derivatives take the square of the constant."""

    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(scale)
        return x * scale

    @staticmethod
    def backward(ctx, second):
        scale, = ctx.saved_tensors
        return second * scale.square(), None


def _linear(x, weight, bias=None):
    return _Linear.apply(x, weight, bias)


def _conv(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _Conv.apply(x, weight, bias, stride, padding, dilation, groups)


def _normalized(x, mean, variance, weight=None, bias=None, training=False, momentum=0.1,
                eps=1e-5):
    if training:
        raise ValueError("Saliency must be of a network in evaluation mode: its BatchNorm trains "
                         "(call eval())")
    gamma = torch.ones_like(mean) if weight is None else weight.detach()
    beta = torch.zeros_like(mean) if bias is None else bias.detach()
    shape = (1, -1, *(1,) * (x.ndim - 2))
    scale = gamma / torch.sqrt(variance + eps)
    return _Scale.apply(x, scale.view(shape)) + (beta - mean * scale).view(shape)


def _averaged(pool):
    """Return an average as a sum, whose second derivatives are its own, times a constant."""
    def averaged(x, *given, **options):
        y = pool(x.detach(), *given, **options)
        cells = torch.tensor((x.shape[2] // y.shape[2]) * (x.shape[3] // y.shape[3]),
                             dtype=x.dtype)
        return _Scale.apply(pool(x, *given, **options) * cells, 1 / cells)
    return averaged


# Functions with a backward pass of their own. That of all others must pass a gradient on
# unchanged, or not at all: then the second derivative goes the same way, because f'' is 0.
SECOND = {functional.linear: _linear, functional.conv2d: _conv, torch.conv2d: _conv,
          functional.batch_norm: _normalized,
          functional.avg_pool2d: _averaged(functional.avg_pool2d),
          functional.adaptive_avg_pool2d: _averaged(functional.adaptive_avg_pool2d)}
CURVED = {"sigmoid", "tanh", "softmax", "log_softmax", "gelu", "silu", "elu", "lstm", "gru", "exp",
          "leaky_relu", "multi_head_attention_forward"}


class _SecondDerivatives(TorchFunctionMode):
    """Mode in which ``backward`` carries the diagonal of the second derivatives."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        if name in CURVED:
            raise ValueError(f"Saliency must be of layers with straight pieces, as ReLU: the "
                             f"network has {name} (prune by magnitude instead)")
        return SECOND.get(function, function)(*args, **(kwargs or {}))


def second_derivatives(network, batches):
    """Return the diagonal of the loss's second derivatives, one pass over the data.

    The loss is the cross-entropy; its own second derivatives are ``p (1 - p)`` on the diagonal.

    Parameters
    ----------
    network : nn.Module
        Float network of linear layers, convolutions, BatchNorm, ReLU and pools; gives logits.
    batches : iterable of Tensor
        Inputs of the network.

    Returns
    -------
    dict of str to Tensor
        A tensor for each parameter that has second derivatives, in its shape.

    LeCun, Denker and Solla, Optimal Brain Damage, 1989, section 2.2, with f'' left out
    (Levenberg-Marquardt), which ReLU has not.
    """
    training = network.training
    network.eval()
    named = dict(network.named_parameters())
    sums, count = {name: torch.zeros_like(value) for name, value in named.items()}, 0
    for inputs in batches:
        with _SecondDerivatives():
            logits = network(inputs)
        share = torch.softmax(logits.detach(), 1)
        found = torch.autograd.grad(logits, list(named.values()), share * (1 - share),
                                    allow_unused=True)
        for total, part in zip(sums.values(), found, strict=True):
            total += 0 if part is None else part
        count += len(inputs)
    network.train(training)
    if not count:
        raise ValueError("Saliency must be of at least one input: there is none (give a larger "
                         "--limit)")
    return {name: total / count for name, total in sums.items()}


def saliencies(network, batches):
    """Return ``h u² / 2`` of each parameter (Optimal Brain Damage, equation 3)."""
    named = dict(network.named_parameters())
    return {name: second * named[name].detach().square() / 2
            for name, second in second_derivatives(network, batches).items()}
