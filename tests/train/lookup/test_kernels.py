import copy
from itertools import pairwise

import pytest
import torch

from train.lookup.kernels import Kernels
from train.lookup.packed import pack
from train.lookup.pool import Pool
from train.lookup.reference import Net, Reference


ALL = range(1, 7)


@pytest.fixture(scope="module")
def both():
    return Kernels(), Reference()


def random_layer(generator, inputs, neurons, k, count):
    candidates = torch.randint(inputs, (neurons, k, count), generator=generator).int()
    chances = torch.rand((neurons, k, count), generator=generator)
    chances[torch.rand(chances.shape, generator=generator) < 0.3] = 0
    return candidates, chances, torch.rand((neurons, 2**k), generator=generator)


def random_net(generator, ks, sizes, images):
    rows = [pack(torch.randint(2, (sizes[0], images), generator=generator).to(torch.uint8))]
    wires, tables = [], []
    for k, inputs, neurons in zip(ks, sizes, sizes[1:], strict=False):
        wires.append(torch.randint(inputs, (neurons, k), generator=generator).int())
        tables.append(torch.randint(2, (neurons, 2**k), generator=generator).to(torch.uint8))
        rows.append(Reference().evaluate(rows[-1], wires[-1], tables[-1]))
    labels = torch.randint(3, (images,), generator=generator)
    members = pack((torch.arange(3)[:, None] == labels).to(torch.uint8))
    return Net(wires, tables, rows, members, 0.7)


@pytest.mark.parametrize("k", ALL)
@pytest.mark.parametrize("count", [1, 5, 16, 19])
def test_interpolation_and_its_gradients_are_those_of_the_reference(both, k, count):
    generator = torch.Generator().manual_seed(100 * k + count)
    x = torch.rand((9, 64), generator=generator)
    layer = random_layer(generator, 9, 7, k, count)
    gradient = torch.randn((7, 64), generator=generator)
    outputs = [one.look_up(x, *layer) for one in both]
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
    results = [one.gradients(x, *layer, gradient, inputs=True) for one in both]
    for mine, wanted in zip(*results, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("k", ALL)
def test_packed_tables_are_those_of_the_reference(both, k):
    generator = torch.Generator().manual_seed(k)
    net = random_net(generator, (k,), (12, 20), 192)
    outputs = [one.evaluate(net.rows[0], net.wires[0], net.tables[0]) for one in both]
    assert torch.equal(*outputs)


@pytest.mark.parametrize(("ks", "sizes"), [((4,), (20, 12)), ((4, 4), (20, 15, 12)),
    ((3, 5), (20, 15, 12)), ((6, 1), (20, 15, 12)), ((2, 4, 3), (20, 18, 15, 12))])
@pytest.mark.parametrize(("table_bound", "wire_bound"), [(0.0, 0.0), (1.0, 0.3)])
def test_descent_is_that_of_the_reference(both, ks, sizes, table_bound, wire_bound):
    generator = torch.Generator().manual_seed(sum(ks))
    first = random_net(generator, ks, sizes, 1024)
    preferred = 2 if ks == (4, 4) else 5  # of 5; elsewhere equal candidates would be at its end
    second = copy.deepcopy(first)
    for layer, (inputs, neurons) in enumerate(pairwise(sizes)):
        order = torch.randperm(neurons, generator=generator).int()
        candidates = Pool(torch.arange(inputs)).draw(neurons, ks[layer], 5, generator)
        changes = [one.descend(net, layer, order, candidates, probed=11, preferred=preferred,
                               table_bound=table_bound, wire_bound=wire_bound)
                   for one, net in zip(both, (first, second), strict=True)]
        assert changes[0] == changes[1]
        assert sum(changes[0]) > 0 or layer > 0
        for index in range(len(ks)):
            assert torch.equal(first.wires[index], second.wires[index])
            assert torch.equal(first.tables[index], second.tables[index])
            assert torch.equal(first.rows[index + 1], second.rows[index + 1])
