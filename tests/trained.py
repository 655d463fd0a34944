"""Random trained convolutions and their checkpoints, for tests."""

import numpy as np

from sw.checkpoint import Checkpoint, Last
from sw.layer.encoder import Encoder
from sw.layer.pool2d import Pool2d
from sw.layer.spacetodepth import SpaceToDepth
from sw.trained.conv2d import TrainedConv2d
from sw.trained.hidden import Hidden
from sw.trained.integer import TrainedIntegerConv2d, TrainedIntegerDense
from sw.trained.scores2d import TrainedScores2d


def latent(rng, shape, share=1.0):
    """Return latent weights, and a mask of a share of them."""
    return (rng.normal(size=shape).astype(np.float32),
            (rng.random(shape) < share).astype(np.uint8))


def batchnorm(rng, neurons, deviation):
    """Return gamma, beta, mean and variance of sums of a deviation; some gammas negative or 0."""
    gamma = rng.normal(0.3, 0.6, neurons).astype(np.float32)
    gamma[::7] = 0
    return (gamma, rng.normal(0, 0.3, neurons).astype(np.float32),
            rng.normal(0, deviation / 2, neurons).astype(np.float32),
            rng.uniform(0.5, 2 * deviation**2, neurons).astype(np.float32))


def trained_conv2d(rng, neurons, takes, kernel=(3, 3), share=1.0, name="conv0", **others):
    """Return a trained convolution of a map of height, width and channels."""
    shape = (neurons, *kernel, takes[2])
    deviation = np.sqrt(np.prod(shape[1:]) * share) + 0.5
    return TrainedConv2d(name, *latent(rng, shape, share), *batchnorm(rng, neurons, deviation),
                         *takes[:2], **others)


def trained_integer_conv2d(rng, neurons, takes, kernel=(3, 3), share=1.0, name="conv0", **others):
    """Return a trained convolution of integers."""
    shape = (neurons, *kernel, takes[2])
    deviation = 70 * np.sqrt(np.prod(shape[1:]) * share) + 0.5
    return TrainedIntegerConv2d(name, *latent(rng, shape, share),
                                *batchnorm(rng, neurons, deviation), *takes[:2], **others)


def trained_integer_dense(rng, neurons, inputs, share=1.0, name="fc0", **others):
    """Return a trained dense layer of integers."""
    deviation = 70 * np.sqrt(inputs * share) + 0.5
    return TrainedIntegerDense(name, *latent(rng, (neurons, inputs), share),
                               *batchnorm(rng, neurons, deviation), **others)


def conv_checkpoint(rng, *, integer=False, summed=False, classes=5):
    """Return a checkpoint with each trained kind: 12 x 10 images of three colours.

    ``integer``: the first layer takes integers; else there are an encoder and space to depth.
    ``summed``: the last layer sums positions; else it is dense, behind a hidden dense layer.
    """
    if integer:
        first = trained_integer_conv2d(rng, 9, (12, 10, 3), (5, 3), 0.6, stride=2, padding=1,
                                       pad_value=128)
        hidden = []
    else:
        first = Encoder.uniform(360, (64, 160))
        hidden = [SpaceToDepth("squares", 12, 10, 6),
                  trained_conv2d(rng, 9, (6, 5, 24), share=0.3, name="conv0", padding=1)]
    takes = (first if integer else hidden[-1]).gives.extents
    hidden.append(trained_conv2d(rng, 16, takes, share=0.7, name="conv1", padding=1, pad_bit=1,
                                 pool=2))
    takes = hidden[-1].gives.extents
    all_of = rng.integers(2, size=takes[2], dtype=np.uint8)
    hidden.append(Pool2d("pool", all_of, *takes[:2], 2))
    takes = hidden[-1].gives.extents
    bias = rng.integers(-3, 4, classes).astype(np.int32)
    if summed:
        last = TrainedScores2d("scores", *latent(rng, (classes, takes[2]), 0.8), bias, *takes[:2])
    else:
        inputs = int(np.prod(takes))
        hidden.append(Hidden("fc0", *latent(rng, (20, inputs)),
                             *batchnorm(rng, 20, np.sqrt(inputs))))
        last = Last("scores", *latent(rng, (classes, 20)), bias)
    return Checkpoint(first, hidden, last, [str(index) for index in range(classes)], (12, 10, 3))
