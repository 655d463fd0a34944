"""Graphs as Brevitas and FINN export them, and ONNX's own reference to run them."""

from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun


DOMAIN = "qonnx.custom_op.general"


class Sketch:
    """A graph that grows node by node."""

    def __init__(self, shape, opset=15, domain=DOMAIN):
        self.shape, self.opset, self.domain = shape, opset, domain
        self.nodes, self.constants, self.last, self.count = [], [], "x", 0

    def constant(self, value, name=None):
        """Add a constant; return its name."""
        self.count += 1
        name = name or f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, op, *more, domain="", **attributes):
        """Add a node behind the last tensor; arrays among ``more`` become constants."""
        return self.aside(op, self.last, *more, domain=domain, **attributes)

    def aside(self, op, *inputs, domain="", move=True, **attributes):
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        self.count += 1
        name = f"t{self.count}"
        self.nodes.append(helper.make_node(op, names, [name], name=f"n{self.count}", domain=domain,
                                           **attributes))
        if move:
            self.last = name
        return name

    def sign(self):
        return self.add("BipolarQuant", np.float32([1]), domain=self.domain)

    def weights(self, latent):
        """Add latent weights in front of a quantizer; return the tensor's name."""
        return self.aside("BipolarQuant", latent.astype(np.float32), np.float32([1]),
                          domain=self.domain, move=False)

    def normalize(self, rng, channels, spread):
        """Add a BatchNorm with some negative gammas and, for every ninth channel, a gamma of 0."""
        gamma = rng.normal(0.3, 0.6, channels).astype(np.float32)
        gamma[4::9] = 0
        return self.add("BatchNormalization", gamma, rng.normal(0, 0.4, channels)
                        .astype(np.float32), rng.normal(0, spread, channels).astype(np.float32),
                        rng.uniform(0.5, spread**2 + 1, channels).astype(np.float32), epsilon=1e-4)

    def model(self, classes, outputs=None, functions=()):
        """Return the ModelProto."""
        names = outputs or [self.last]
        graph = helper.make_graph(
            self.nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
            self.constants)
        return helper.make_model(graph, ir_version=9, functions=functions, opset_imports=[
            helper.make_opsetid("", self.opset), helper.make_opsetid(self.domain, 1)])

    def save(self, path, classes=4, **others):
        onnx.save(self.model(classes, **others), path)
        return path


def fc(rng, sizes=(784, 24, 20, 10), *, gemm=True, tail=True, shape=(1, 1, 28, 28), **others):
    """Return the sketch of a network such as TFC."""
    g = Sketch(shape, **others)
    g.add("Reshape", np.array([1, -1]))
    g.add("Mul", np.float32(2))
    g.add("Sub", np.float32([1]))
    g.sign()
    for index, (inputs, neurons) in enumerate(pairwise(sizes)):
        latent = rng.uniform(-1, 1, (neurons, inputs))
        if gemm:
            g.add("Gemm", g.weights(latent), transB=1)
        else:
            weights = g.weights(latent)
            g.add("MatMul", g.aside("Transpose", weights, perm=[1, 0], move=False))
        if index < len(sizes) - 2:
            g.normalize(rng, neurons, inputs**0.5 / 2)
            g.sign()
    if tail:
        for op, value in (("Sub", 1.3), ("Div", 7.5), ("Mul", 0.7), ("Add", 0.2)):
            g.add(op, np.float32([value]))
    return g


def cnv(rng, *, channels=3, size=12, classes=4, pool_first=False, **others):
    """Return the sketch of a network such as CNV, small."""
    g = Sketch((1, channels, size, size), **others)
    g.add("Mul", np.float32(2))
    g.add("Sub", np.float32([1]))
    g.add("Quant", np.float32(2**-7), np.float32(0), np.float32(8), domain=g.domain, signed=1,
          narrow=0, rounding_mode="ROUND")
    for index, made in enumerate((8, 12, 10)):
        g.add("Conv", g.weights(rng.uniform(-1, 1, (made, channels, 3, 3))), kernel_shape=[3, 3],
              pads=[0, 0, 0, 0], strides=[1, 1])
        pool = index == 1
        if pool and pool_first:
            g.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        g.normalize(rng, made, 3 * channels**0.5 / (1 if index else 3))
        g.sign()
        if pool and not pool_first:
            g.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
        channels, size = made, (size - 2) // (2 if pool else 1)
    g.add("Reshape", np.array([1, -1]))
    flat = channels * size * size
    g.add("Gemm", g.weights(rng.uniform(-1, 1, (40, flat))), transB=1)
    g.normalize(rng, 40, flat**0.5 / 2)
    g.sign()
    g.add("Gemm", g.weights(rng.uniform(-1, 1, (classes, 40))), transB=1)
    return g


class BipolarQuant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale):
        return (np.where(x >= 0, scale, -scale).astype(x.dtype),)


class Quant(OpRun):
    op_domain = DOMAIN

    def _run(self, x, scale, zero, bits, signed=1, narrow=0, rounding_mode="ROUND"):
        low = -2**(int(bits) - 1) + narrow if signed else 0
        high = 2**(int(bits) - 1) - 1 if signed else 2**int(bits) - 1 - narrow
        cut = np.clip(x / scale + zero, np.float32(low), np.float32(high))
        return (((np.rint(cut) - zero) * scale).astype(x.dtype),)


def reference(model, inputs):
    """Return the outputs that ONNX's reference computes, image by image."""
    session = ReferenceEvaluator(model, new_ops=[] if model.functions else [BipolarQuant, Quant])
    name = model.graph.input[0].name
    return np.concatenate([session.run(None, {name: each[None]})[0].reshape(1, -1)
                           for each in inputs])
