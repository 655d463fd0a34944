"""Convolution in C: each window is copied, and the dense layer of its values computed."""

import numpy as np

from ...layer.conv2d import Conv2d
from ..part import CODE, Code, Part
from ..windows import at_each, geometry


KERNELS = ("geometry", "view")


class Conv2dCode(Code):
    """The code of the dense layer, at every position."""

    def image(self, layer, options):
        dense = CODE.of(layer.dense).image(layer.dense, options)
        shape = geometry(layer, layer.name, layer.channels)
        call = at_each(layer, shape, dense.call, "memory->window", layer.pad_bit)
        return Part(call, (*KERNELS, *dense.kernels), (shape, *dense.tables), dense.functions,
                    dense.words, layer.dense.inputs, dense.spare)

    def slices(self, layer, read):
        own = read.reshape(-1, layer.made).any(axis=0)
        dense = CODE.of(layer.dense).slices(layer.dense, own)
        shape = geometry(layer, layer.name, layer.channels, "sizeof(lane)")
        call = at_each(layer, shape, dense.call, "window", 255 * layer.pad_bit)
        return Part(call, (*KERNELS, *dense.kernels), (shape, *dense.tables), dense.functions,
                    window=layer.dense.inputs)

    def logic(self, layer):
        return CODE.of(layer.dense).logic(layer.dense)

    def reads(self, layer):
        weighted = (layer.weights != 0).any(axis=(0, 1, 2))
        return np.tile(weighted, layer.height * layer.width)


CODE.register(Conv2d)(Conv2dCode())
