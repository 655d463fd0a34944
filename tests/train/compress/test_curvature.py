"""train.compress.curvature: second derivatives against PyTorch's own where they are exact."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from train.compress.curvature import saliencies, second_derivatives


def hessian_diagonal(network, inputs, name):
    """Return the diagonal of the loss's Hessian by automatic differentiation."""
    parameter = dict(network.named_parameters())[name].detach()

    def loss(values):
        logits = torch.func.functional_call(network, {name: values.view_as(parameter)}, (inputs,))
        return (torch.logsumexp(logits, 1) - logits[:, 0]).mean()

    whole = torch.autograd.functional.hessian(loss, parameter.flatten())
    return whole.diagonal().view_as(parameter)


def test_the_last_layer_is_exact():
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)).double()
    inputs = torch.randn(20, 5).double()
    found = second_derivatives(network, inputs.split(6))
    for name in ("2.weight", "2.bias"):
        torch.testing.assert_close(found[name], hessian_diagonal(network, inputs, name))


class Pair(nn.Module):
    """Logits x and 0, so that no second derivative lies beside the diagonal of the outputs."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        x = self.inner(x)
        return functional.pad(x, (0, 1)) if x.shape[1] == 1 else x


@pytest.mark.parametrize(("inner", "shape"), [
    (nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1)), (4,)),
    (nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
                   nn.Linear(3 * 16, 1)), (2, 4, 4)),
    (nn.Sequential(nn.Linear(4, 6, bias=False), nn.ReLU(), nn.Linear(6, 1)), (4,)),
    (nn.Sequential(nn.Conv2d(2, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
                   nn.Linear(3 * 16, 1)), (2, 4, 4)),
])
def test_one_hidden_layer_behind_one_output_is_exact(inner, shape):
    """Each hidden unit's second derivative is exact then; shared weights miss cross terms."""
    torch.manual_seed(2)
    network = Pair(inner).double().eval()
    if len(shape) == 3:  # each kernel sees one window only, so that it is not shared
        inner[0].padding, inner[0].stride, inner[4] = (0, 0), (4, 4), nn.Linear(3, 1).double()
        inner[1].running_mean.uniform_(-1, 1)
        inner[1].running_var.uniform_(0.5, 2)
    inputs = torch.randn(15, *shape).double()
    found = second_derivatives(network, inputs.split(15))
    exact = hessian_diagonal(network, inputs, "inner.0.weight")
    torch.testing.assert_close(found["inner.0.weight"], exact)


def test_averages_and_maxima_pass_their_second_derivatives():
    torch.manual_seed(3)
    network = Pair(nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2),
                                 nn.Flatten(), nn.Linear(2, 1))).double()
    inputs = torch.randn(1, 1, 4, 4).double()
    found = second_derivatives(network, [inputs])["inner.0.weight"]
    y = network.inner[:1](inputs)
    peaks = functional.max_pool2d(y.relu(), 2, return_indices=True)[1].flatten(2)
    share = torch.softmax(network(inputs), 1)[0, 0].detach()
    for channel in range(2):
        passed = network.inner[5].weight.detach()[0, channel] / 4
        wanted = sum(passed**2 * inputs.flatten()[place]**2 for place in peaks[0, channel]
                     if y[0, channel].flatten()[place] > 0)
        assert float(found[channel, 0, 0, 0]) == pytest.approx(float(wanted * share * (1 - share)))


def test_saliency_is_half_of_it_times_the_weight_squared():
    network = nn.Sequential(nn.Linear(3, 2))
    inputs = torch.ones(4, 3)
    second = second_derivatives(network, [inputs])
    weight = network[0].weight.detach()
    torch.testing.assert_close(saliencies(network, [inputs])["0.weight"],
                               second["0.weight"] * weight**2 / 2)


@pytest.mark.parametrize(("network", "batches", "message"), [
    (nn.Sequential(nn.Linear(3, 2), nn.Tanh()), [torch.ones(1, 3)],
     r"^Saliency must be of layers with straight pieces, as ReLU: the network has tanh \(prune by "
     r"magnitude instead\)$"),
    (nn.Sequential(nn.Linear(3, 2)), [],
     r"^Saliency must be of at least one input: there is none \(give a larger --limit\)$"),
])
def test_what_has_no_such_derivatives_is_refused(network, batches, message):
    with pytest.raises(ValueError, match=message):
        second_derivatives(network, batches)
