"""Layers of feature maps by their definitions, in loops over images, positions and neurons."""

import numpy as np


def windows(layer, image, padded):
    """Yield what a kernel sees of one image, (rows, columns, channels), in raster order."""
    height, width, channels = layer.takes.extents
    image = image.reshape(height, width, channels)
    kernel_rows, kernel_columns = layer.weights.shape[1:3]
    rows = (height + 2 * layer.padding - kernel_rows) // layer.stride + 1
    columns = (width + 2 * layer.padding - kernel_columns) // layer.stride + 1
    for y in range(rows):
        for x in range(columns):
            window = np.full((kernel_rows, kernel_columns, channels), padded, np.int64)
            for row in range(kernel_rows):
                for column in range(kernel_columns):
                    above = y * layer.stride - layer.padding + row
                    beside = x * layer.stride - layer.padding + column
                    if 0 <= above < height and 0 <= beside < width:
                        window[row, column] = image[above, beside]
            yield window


def conv2d(layer, image):
    bits = []
    for window in windows(layer, image, layer.pad_bit):
        for kernel, threshold in zip(layer.weights, layer.thresholds, strict=True):
            agree = np.sum(((kernel > 0) & (window == 1)) | ((kernel < 0) & (window == 0)))
            bits.append(agree >= threshold)
    return bits


def integer_conv2d(layer, image):
    bits = []
    for window in windows(layer, image, layer.pad_value):
        for kernel, threshold in zip(layer.weights, layer.thresholds, strict=True):
            bits.append(np.sum(kernel.astype(np.int64) * window) >= threshold)
    return bits


def integer_dense(layer, image):
    return [sum(int(weight) * int(pixel) for weight, pixel in zip(row, image, strict=True))
            >= threshold for row, threshold in zip(layer.weights, layer.thresholds, strict=True)]


def pool2d(layer, image):
    image = image.reshape(layer.takes.extents)
    bits = []
    for y in range(layer.height // layer.size):
        for x in range(layer.width // layer.size):
            for channel, all_of in enumerate(layer.all_of):
                square = [image[y * layer.size + row, x * layer.size + column, channel]
                          for row in range(layer.size) for column in range(layer.size)]
                bits.append(all(square) if all_of else any(square))
    return bits


def space_to_depth(layer, image):
    image, block = image.reshape(layer.takes.extents), layer.block
    return [image[y * block + row, x * block + column, channel]
            for y in range(layer.height // block) for x in range(layer.width // block)
            for row in range(block) for column in range(block) for channel in range(layer.channels)]


def scores2d(layer, image):
    positions = image.reshape(-1, layer.weights.shape[1]).astype(np.int64)
    scores = layer.bias.astype(np.int64)
    for position in positions:
        scores = scores + layer.weights @ (2 * position - 1)
    return scores


LOOPS = {"conv2d": conv2d, "integer_conv2d": integer_conv2d, "integer_dense": integer_dense,
         "pool2d": pool2d, "space_to_depth": space_to_depth, "scores2d": scores2d}


def looped(layer, inputs):
    """Return a layer's outputs for rows of inputs, shape (n, outputs)."""
    return np.array([LOOPS[layer.kind](layer, image) for image in inputs.astype(np.int64)])


def trained_windows(layer, image):
    """Return a trained convolution's outputs for one image of numbers: -1 and +1."""
    padded = layer.pad_value if layer.takes_pixels else 2 * layer.pad_bit - 1
    sums = [[np.sum(window * kernel.astype(np.int64)) for kernel in layer.weights]
            for window in windows(layer.bare, image, padded)]
    sums = np.array(sums).reshape(*layer.bare.positions, -1)
    size = layer.pool or 1
    largest = np.array([[sums[y:y + size, x:x + size].max(axis=(0, 1))
                         for x in range(0, sums.shape[1] - size + 1, size)]
                        for y in range(0, sums.shape[0] - size + 1, size)])
    return np.where(layer.fires(largest), 1, -1).ravel()


def trained_integers(layer, image):
    return np.where(layer.fires(layer.weights.astype(np.int64) @ image), 1, -1)


def trained_unchanged(layer, image):
    return 2 * np.array(LOOPS[layer.kind](layer, image > 0), np.int64) - 1


TRAINED = {"conv2d": trained_windows, "integer_conv2d": trained_windows,
           "integer_dense": trained_integers, "pool2d": trained_unchanged,
           "space_to_depth": trained_unchanged}


def looped_trained(layer, inputs):
    """Return a trained layer's outputs for rows of pixels or of -1 and +1, as -1 and +1."""
    return np.array([TRAINED[layer.kind](layer, image) for image in inputs])
