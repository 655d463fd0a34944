# amaranth: UnusedElaboratable=no
"""A convolutional network of plain arrays, by docs/format.md: loops of floats = golden = RTL."""

from math import ceil

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from sw import golden
from sw.layer.conv2d import Conv2d
from sw.layer.pool2d import Pool2d
from sw.network import Encoder, Network, Scores

from .test_convolution import check


# Rows, columns and channels; neurons, kernel, stride, padding and its value of each convolution.
IMAGE, LEVEL = (15, 11, 2), 100
CONVS = [(6, (3, 5), 1, 1, 1), (5, (3, 3), 2, 1, -1), (4, (2, 1), 1, 0, None)]
CLASSES = 3
MODES = {
    "wired": [Wired(3, 1), Wired(), Wired(2, 1), Wired(3), Wired(2)],
    "scheduled": [Scheduled(3, 13), Wired(), Scheduled(2, 9, positions=3), Scheduled(3, 5),
                  Scheduled(1, 4)],
    "mixed": [Wired(2), Wired(), Scheduled(3, 8), Wired(3, 1), Scheduled(3, 3)],
}


class Floats:
    """Kernels of ±1 and BatchNorm in floats, half of whose gammas are negative."""

    def __init__(self, rng, neurons, kernel, channels):
        self.kernels = rng.choice([-1, 1], (neurons, *kernel, channels))
        self.gamma = rng.uniform(0.5, 2, neurons) * np.where(np.arange(neurons) % 2, 1, -1)
        self.mean = rng.uniform(-2, 2, neurons)
        self.beta = rng.uniform(-1, 1, neurons)
        self.fan_in = kernel[0] * kernel[1] * channels

    def fires(self, neuron, total):
        return self.gamma[neuron] * (total - self.mean[neuron]) + self.beta[neuron] >= 0

    def folded(self):
        """Return weights and thresholds by the table of docs/format.md."""
        t = self.mean - self.beta / self.gamma
        falls = self.gamma < 0
        weights = np.where(falls[:, None, None, None], -self.kernels, self.kernels)
        thresholds = [ceil((self.fan_in - each) / 2) if fall else ceil((each + self.fan_in) / 2)
                      for each, fall in zip(t, falls, strict=True)]
        return weights, np.clip(thresholds, 0, self.fan_in + 1)


def made():
    """Return the floats of each convolution, the weights of the classes, and the network."""
    rng = np.random.default_rng(12)
    (rows, columns, channels), floats, layers = IMAGE, [], []
    layers.append(Encoder.uniform(rows * columns * channels, (LEVEL,)))
    for index, (neurons, kernel, stride, padding, value) in enumerate(CONVS):
        floats.append(Floats(rng, neurons, kernel, channels))
        layers.append(Conv2d(f"conv{index}", *floats[-1].folded(), rows, columns, stride, padding,
                             int(value == 1)))
        rows, columns, channels = layers[-1].gives.extents
        if index == 0:
            layers.append(Pool2d("pool", floats[0].gamma < 0, rows, columns))
            rows, columns = layers[-1].positions
    classes = rng.choice([-1, 1], (CLASSES, rows * columns * channels))
    layers.append(Scores("scores", classes, [1, 0, -3]))
    return floats, classes, Network(layers, "abc", IMAGE)


def looped(floats, classes, image):
    """Return the scores of an image: loops over positions, ±1 and floats; a pool of sums."""
    x = np.where(image >= LEVEL, 1, -1)
    for index, (layer, (neurons, (high, wide), stride, padding, value)) in enumerate(
            zip(floats, CONVS, strict=True)):
        rows, columns, channels = x.shape
        padded = np.full((rows + 2 * padding, columns + 2 * padding, channels), value or 0)
        padded[padding:padding + rows, padding:padding + columns] = x
        sums = []
        for top in range(0, len(padded) - high + 1, stride):
            for left in range(0, padded.shape[1] - wide + 1, stride):
                window = padded[top:top + high, left:left + wide]
                sums.append([int((window * layer.kernels[neuron]).sum())
                             for neuron in range(neurons)])
        down = (len(padded) - high) // stride + 1
        sums = np.array(sums).reshape(down, -1, neurons)
        if index == 0:  # the pool stands in front of BatchNorm, as in training
            sums = np.array([[sums[y:y + 2, x:x + 2].max(axis=(0, 1))
                              for x in range(0, sums.shape[1] - 1, 2)]
                             for y in range(0, len(sums) - 1, 2)])
        x = np.array([[[1 if layer.fires(neuron, sums[y, x, neuron]) else -1
                        for neuron in range(neurons)] for x in range(sums.shape[1])]
                      for y in range(len(sums))])
    return classes @ x.ravel() + [1, 0, -3]


def test_golden_equals_loops_of_floats():
    floats, classes, network = made()
    assert [layer.gives.extents for layer in network.layers[1:-1]] == [
        (15, 9, 6), (7, 4, 6), (4, 2, 5), (3, 2, 4)]
    images = np.random.default_rng(13).integers(0, 256, (60, *IMAGE), dtype=np.uint8)
    scores = golden.Model(network).scores(images)
    np.testing.assert_array_equal(scores, [looped(floats, classes, image) for image in images])
    for name, bits in list(golden.Model(network).trace(images))[1:-1]:
        assert 0 < bits.mean() < 1, name
    assert len(np.unique(scores, axis=0)) > 5


@pytest.mark.parametrize("name", MODES)
def test_rtl_equals_golden_at_the_interval_and_latency_predicted(name):
    _, _, network = made()
    names = [layer.name for layer in network.layers[1:]]
    accelerator = Accelerator(network, Schedule(2, dict(zip(names, MODES[name], strict=True))))
    taken, given = check(accelerator)
    assert given[0] - taken[accelerator.beats - 1] == accelerator.latency
    assert set(np.diff(given)) == {accelerator.interval}
