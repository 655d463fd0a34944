import numpy as np
import pytest
import torch

from sw import checkpoint
from sw.data.thresholds import encoder_for
from train.augment import generator
from train.binarize import BinaryLinear, SignActivation, SignWeight, bipolar, product
from train.models import scores, to_checkpoint
from train.sparse import SparseNetwork


def trained(seed=0, inputs=12, neurons=(9, 7, 4), counts=(5, 9, 3)):
    """A network with arbitrary BatchNorm and connectivity, and images for it."""
    random = np.random.default_rng(seed)
    network = SparseNetwork(inputs, neurons, counts, (inputs, *neurons[:-1]), limit=1.0,
                            generator=generator(seed))
    for linear, count in zip(network.linear, counts, strict=True):
        mask = np.argsort(random.random((linear.neurons, linear.inputs)), axis=1) < count
        linear.set_mask(torch.from_numpy(mask.astype(np.uint8)))
    for normal in network.normal:
        for name in ("gamma", "beta", "mean"):
            value = random.normal(size=len(normal.gamma))
            getattr(normal, name).data.copy_(torch.from_numpy(value))
        normal.variance.copy_(torch.from_numpy(random.random(len(normal.gamma)) * 9))
    return network, random.integers(0, 256, (500, inputs), dtype=np.uint8)


def test_bipolar_is_one_from_zero_up():
    x = torch.tensor([0.0, -0.0, 1e-45, -1e-45, 5.0, -5.0, torch.inf, -torch.inf])
    assert bipolar(x).tolist() == [1, 1, 1, -1, 1, -1, 1, -1]
    assert torch.equal(bipolar(x), torch.where(x >= 0, 1, -1).bfloat16())


def test_activations_pass_gradients_near_their_threshold_only():
    x = torch.tensor([-2.0, -0.75, 0.0, 0.75, 2.0], requires_grad=True)
    SignActivation.apply(x).sum().backward()
    assert x.grad.tolist() == [0, 0.5, 1, 0.5, 0]


def test_weights_without_a_synapse_still_get_gradients():
    weight = torch.tensor([0.5, -0.5], requires_grad=True)
    signs = SignWeight.apply(weight, torch.tensor([0.0, 1.0], dtype=torch.bfloat16))
    assert signs.tolist() == [0, -1]
    signs.sum().backward()
    assert weight.grad.tolist() == [1, 1]


def test_evaluation_is_exact_beyond_bfloat16():
    layer = BinaryLinear(1023, 1, limit=1.0, generator=generator(0)).eval()
    layer.weight.data.fill_(1)
    assert layer(torch.ones(1, 1023).bfloat16()).item() == 1023


def test_training_and_evaluation_agree_where_bfloat16_is_exact():
    layer = BinaryLinear(100, 20, limit=1.0, generator=generator(0))
    bits = bipolar(torch.randn(50, 100, generator=generator(1)))
    assert torch.equal(layer.train()(bits), layer.eval()(bits))


@pytest.mark.parametrize("processor", ["AVX2", "AVX512"])
def test_products_are_the_same_on_every_processor(processor, monkeypatch):
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: processor)
    random = generator(2)
    left, right, up = (bipolar(torch.randn(*shape, generator=random))
                       for shape in ((20, 2000), (2000, 30), (20, 30)))
    left.requires_grad_()
    result = product(left, right)
    result.backward(up.float())
    assert (result.dtype, left.grad.dtype) == (torch.float32, torch.bfloat16)
    assert torch.equal(result, (left.detach().float() @ right.float()).bfloat16().float())
    assert torch.equal(left.grad.float(), up.float() @ right.float().T)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_evaluation_is_the_arithmetic_of_the_checkpoint(seed, compact, tmp_path):
    network, images = trained(seed)
    if compact:
        for linear in network.linear:
            linear.compact()
    encoder = encoder_for(images, 1)
    checkpoint.save(tmp_path / "x.npz", to_checkpoint(network, encoder, labels=tuple("abcd"),
                                                      input_shape=(12,)))
    saved = checkpoint.load(tmp_path / "x.npz")
    bits = np.where(images >= saved.first.thresholds[:, 0], 1, -1)
    for layer in saved.hidden:
        bits = np.where(layer.normalize(bits @ layer.weights.T) >= 0, 1, -1)
    expected = bits @ saved.last.weights.T + saved.last.bias
    given = scores(network, torch.from_numpy(images), encoder)
    np.testing.assert_array_equal(given.numpy(), expected)


def test_scores_do_not_depend_on_the_batch():
    network, images = trained()
    encoder = encoder_for(images, 1)
    images = torch.from_numpy(images)
    assert torch.equal(scores(network, images, encoder), scores(network, images, encoder, batch=7))


def test_scores_leave_a_network_in_its_mode():
    network, images = trained()
    scores(network.train(), torch.from_numpy(images), encoder_for(images, 1))
    assert network.training
