"""train.activations: PyTorch computes with copies of a checkpoint's arrays, which are read-only."""

import warnings

import numpy as np
import pytest
import torch

from train.activations import activations
from train.augment import generator
from train.models import Network, scores

from ..networks import checkpoint_scores, random_checkpoint, random_images


RNG = np.random.default_rng(11)
CHECKPOINT = random_checkpoint(RNG, [12, 7, 5, 3])
IMAGES = random_images(RNG, 20, CHECKPOINT)


@pytest.fixture(autouse=True)
def every_warning_is_an_error():
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else PyTorch warns of read-only arrays once in a process
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    torch.set_warn_always(always)


def test_activations_end_with_the_scores_of_the_checkpoint():
    given = activations(CHECKPOINT, IMAGES)
    assert [array.shape for array in given] == [(20, 12), (20, 7), (20, 5), (20, 3)]
    np.testing.assert_array_equal(given[-1], checkpoint_scores(CHECKPOINT, IMAGES))


def test_scores_take_the_thresholds_of_an_encoder():
    network = Network(12, (5, 3), (12, 5), limit=1.0, generator=generator(0))
    made = scores(network, torch.from_numpy(IMAGES), CHECKPOINT.first)
    assert made.shape == (20, 3)
