import pytest
import torch

from train.augment import generator
from train.binarize import Normalize, SignActivation, bipolar
from train.sparse import ColumnNormalize, SparseLinear, SparseNetwork, candidates


@pytest.fixture(params=[1 / 16, 1], ids=["matrix", "lists"])
def dense(request, monkeypatch):
    """Both ways to multiply, whatever part of the inputs is looked at."""
    monkeypatch.setattr("train.sparse.DENSE", dict.fromkeys((False, True), request.param))


def layer(inputs=30, neurons=20, reach=12, count=None):
    made = SparseLinear(inputs, neurons, reach=reach, limit=1.0, generator=generator(1))
    if count is not None:
        chosen = torch.rand((neurons, reach), generator=generator(2)).topk(count).indices
        made.set_mask(torch.zeros((neurons, reach), dtype=torch.uint8).scatter_(1, chosen, 1))
    return made


def gradients(made, x, up):
    """Return sums, and the gradients of inputs and weights, for a gradient ``up`` of the sums."""
    x = x.clone().requires_grad_()
    sums = made.train()(x)
    made.weight.grad = None
    sums.backward(up)
    return sums.detach(), x.grad.float(), made.weight.grad


@pytest.mark.parametrize("reach", [12, 30])
@pytest.mark.parametrize("count", [None, 1, 5])
def test_sums_are_those_of_a_matrix_of_zeros_and_signs(dense, reach, count):
    made = layer(reach=reach, count=count)
    x = bipolar(torch.randn((30, 50), generator=generator(3)))
    up = torch.randint(-3, 4, (20, 50), generator=generator(4)).float()
    weight, mask = made.spread()
    signs = bipolar(weight).float() * mask
    sums, back, outer = gradients(made, x, up)
    assert torch.equal(sums, signs @ x.float())
    assert torch.equal(back, signs.T @ up)
    assert torch.equal(outer, (up @ x.float().T).gather(1, made.candidates))
    assert torch.equal(made.eval()(x), sums)


def test_dropping_candidates_changes_no_sum(dense):
    made = layer(count=4)
    x = bipolar(torch.randn((30, 50), generator=generator(3)))
    before = made(x)
    made.compact()
    assert made.reach == 4
    assert torch.equal(made(x), before)


@pytest.mark.parametrize(("inputs", "neurons", "reach"), [
    (30, 20, 12), (64, 64, 8), (10, 3, 10), (7, 50, 1)])
def test_candidates_are_different_and_spread_evenly(inputs, neurons, reach):
    rows = candidates(inputs, neurons, reach, generator(0))
    assert rows.shape == (neurons, reach)
    assert (rows.diff(dim=1) > 0).all()
    assert rows.min() >= 0
    assert rows.max() < inputs
    uses = torch.bincount(rows.flatten(), minlength=inputs)
    assert uses.max() <= -(-neurons // (inputs // reach))


def test_normalization_in_columns_is_that_in_rows():
    columns, rows = ColumnNormalize(6), Normalize(6)
    for name, value in (("gamma", [1, -2, 0.5, 3, 1, 1]), ("beta", [0, 1, -1, 0.2, 0, 0])):
        for normal in (columns, rows):
            getattr(normal, name).data.copy_(torch.tensor(value))
    x = torch.randint(-9, 10, (40, 6), generator=generator(0)).float()
    up = torch.randn((40, 6), generator=generator(1))
    first, second = x.T.contiguous().requires_grad_(), x.clone().requires_grad_()
    fired = columns.train()(first)
    expected = SignActivation.apply(rows.train()(second))
    fired.backward(up.T.bfloat16())
    expected.backward(up.bfloat16())
    assert torch.equal(fired, expected.T)
    for one, other in ((first.grad.T, second.grad), (columns.gamma.grad, rows.gamma.grad),
                       (columns.beta.grad, rows.beta.grad), (columns.mean, rows.mean),
                       (columns.variance, rows.variance)):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert torch.equal(columns.eval()(first), bipolar(rows.eval()(second)).T)


def test_a_network_whose_candidates_are_dropped_is_loaded():
    made, other = (SparseNetwork(30, (8, 3), (4, 5), (12, 8), limit=1.0, generator=generator(seed))
                   for seed in range(2))
    for linear in made.linear:
        linear.compact()
    state = {name: value.clone() for name, value in made.state_dict().items()}
    state["linear.0.weight"] *= -1
    other.load_state_dict(state)
    x = bipolar(torch.randn((9, 30), generator=generator(3)))
    made.load_state_dict(state)
    assert torch.equal(made.eval()(x), other.eval()(x))


def test_running_averages_hold_no_graph():
    normal = ColumnNormalize(7).train()
    normal(torch.randn((7, 50), generator=generator(5)).requires_grad_())
    assert normal.mean.grad_fn is None
    assert normal.variance.grad_fn is None
