"""train.places: where inputs and neurons lie."""

import pytest
import torch

from train.augment import generator
from train.places import nearest, of_inputs, of_neurons
from train.sparse import SparseNetwork


def test_levels_and_channels_of_a_pixel_share_its_place():
    where = of_inputs((2, 3, 2), 5).view(2, 3, 10, 2)
    assert torch.equal(where, where[:, :, :1].expand_as(where))
    assert where[:, 0, 0, 0].tolist() == [0.25, 0.75]
    torch.testing.assert_close(where[0, :, 0, 1].tolist(), [1 / 6, 1 / 2, 5 / 6])


def test_neurons_fill_the_square_evenly():
    where = of_neurons(640)
    cells = (where * 8).long()
    assert where.min() >= 0
    assert cells.max() == 7
    counts = torch.bincount(cells[:, 0] * 8 + cells[:, 1], minlength=64)
    assert counts.min() >= 7  # 10 on average
    assert counts.max() <= 13


def test_the_nearest_are_a_square_around_the_place():
    found = nearest(of_inputs((5, 5), 1), torch.tensor([[0.5, 0.5], [0.0, 0.0]]).double(), 9)
    assert found.tolist() == [[6, 7, 8, 11, 12, 13, 16, 17, 18], [0, 1, 2, 5, 6, 7, 10, 11, 12]]


@pytest.mark.parametrize("reach", [1, 7, 50])
def test_each_neuron_has_as_many_different_inputs(reach):
    found = nearest(of_inputs((5, 10), 1), of_neurons(33), reach)
    assert found.shape == (33, reach)
    assert (found.diff(dim=1) > 0).all()


def test_neurons_of_all_layers_look_at_what_is_near():
    network = SparseNetwork(64, (40, 30, 3), (4, 4, 30), (16, 10, 30), limit=1.0,
                            generator=generator(0), places=of_inputs((8, 8), 1))
    before = (of_inputs((8, 8), 1), of_neurons(40))
    for linear, inputs, here in zip(network.linear, before, (40, 30), strict=False):
        distances = (of_neurons(here)[:, None] - inputs).abs().amax(2)
        farthest = distances.gather(1, linear.candidates).amax(1)
        left_out = distances.scatter(1, linear.candidates, 9).amin(1)
        assert (farthest <= left_out).all()
    assert network.linear[-1].candidates.shape == (3, 30)
