"""The sheet on which layers write their nodes, and the registry of what writes them."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...layer.registry import Registry


DOMAIN = "qonnx.custom_op.general"
EXACT = 2**24  # integers up to this are exact in float32

# An entry is a function of a layer and a sheet. It writes the layer's nodes behind the sheet's
# tensor. Bits are -1 and +1.
WRITERS = Registry("form in ONNX", ("sw.exchange.write",))


class Sheet:
    """Nodes and constants of a graph that grows at its end.

    Parameters
    ----------
    name : str
        Name of the graph's input, the first tensor.
    map_ : tuple of int or None
        Rows, columns and channels of the input; None for a vector.
    bipolar : bool
        Whether BipolarQuant may be used; otherwise everything is Quant.

    Attributes
    ----------
    tensor : str
        Name of the last tensor: (images, channels, rows, columns) or (images, values).
    map : tuple of int or None
        Rows, columns and channels of the last tensor; None for a vector.
    nodes, constants : list
        What is written.
    """

    def __init__(self, name, map_, bipolar=True):
        self.tensor, self.map, self.bipolar = name, map_, bipolar
        self.nodes, self.constants, self.count = [], [], 0
        self.layer = "input"

    def constant(self, value, name):
        """Add a constant; return its name."""
        full = f"{self.layer}_{name}"
        if full not in {each.name for each in self.constants}:
            self.constants.append(numpy_helper.from_array(np.asarray(value), full))
        return full

    def node(self, op, *inputs, domain="", **attributes):
        """Add a node behind the last tensor; return the name of its output, the new last tensor.

        ``inputs`` are the further inputs.
        """
        self.tensor = self.aside(op, self.tensor, *inputs, domain=domain, **attributes)
        return self.tensor

    def aside(self, op, *inputs, domain="", **attributes):
        """Add a node of any inputs; return the name of its output."""
        self.count += 1
        output = f"{self.layer}_{op.lower()}_{self.count}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=output, domain=domain,
                                           **attributes))
        return output

    def weights(self, value, name="weights"):
        """Add weights of -1, 0 and +1, quantized; return the tensor's name."""
        stored = self.constant(value.astype(np.float32), name)
        if self.bipolar and (value != 0).all():
            return self.aside("BipolarQuant", stored, self.constant(np.float32([1]), "one"),
                              domain=DOMAIN)
        return self.aside("Quant", stored, *self._format(2), domain=DOMAIN, signed=1, narrow=1,
                          rounding_mode="ROUND")

    def fire(self, thresholds):
        """Turn the last tensor, integers, into bits: +1 where it is at least the thresholds."""
        if self.bipolar:
            self.node("Sub", self.constant(thresholds.astype(np.float32), "thresholds"))
            self.node("BipolarQuant", self.constant(np.float32([1]), "one"), domain=DOMAIN)
            return
        # The quantizer cuts to 0 and 1, so an integer fires where it is at least 1.
        self.node("Sub", self.constant(thresholds.astype(np.float32) - 1, "thresholds"))
        self.node("Quant", *self._format(1), domain=DOMAIN, signed=0, narrow=0,
                  rounding_mode="ROUND")
        self.node("Mul", self.constant(np.float32(2), "two"))
        self.node("Sub", self.constant(np.float32(1), "unit"))

    def as_vector(self):
        """Let the last tensor be a vector, the values of a position together."""
        if self.map is not None:
            self.node("Transpose", perm=[0, 2, 3, 1])
            self.node("Reshape", self.constant(np.array([0, -1]), "flat"))
            self.map = None

    def as_map(self, map_):
        """Let the last tensor be a map of rows, columns and channels."""
        if self.map is None:
            self.node("Reshape", self.constant(np.array([0, *map_]), "places"))
            self.node("Transpose", perm=[0, 3, 1, 2])
            self.map = map_

    def exactly(self, layer, bound):
        """Check that float32 has every integer of a layer."""
        if bound > EXACT:
            raise ValueError(f"Sums of layer {layer.name!r} must be below 2**24 in ONNX, whose "
                             f"float32 has no more integers: {bound:,}")

    def _format(self, bits):
        return (self.constant(np.float32(1), "scale"), self.constant(np.float32(0), "zero"),
                self.constant(np.float32(bits), f"bits{bits}"))


def functions():
    """Return the functions of QONNX's operators in ONNX's own, for runtimes that lack them."""
    opset = [helper.make_opsetid("", 18)]
    node = helper.make_node

    def scalar(value, name):
        return node("Constant", [], [name], value=numpy_helper.from_array(np.float32(value)))

    bipolar = helper.make_function(DOMAIN, "BipolarQuant", ["x", "scale"], ["y"], [
        scalar(0, "zero"), node("GreaterOrEqual", ["x", "zero"], ["fires"]),
        node("Neg", ["scale"], ["minus"]), node("Where", ["fires", "scale", "minus"], ["y"])],
        opset)
    signed = node("Constant", [], ["signed_int"])
    narrow = node("Constant", [], ["narrow_int"])
    for each, name in ((signed, "signed"), (narrow, "narrow")):
        each.attribute.append(onnx.AttributeProto(
            name="value_int", ref_attr_name=name, type=onnx.AttributeProto.INT))
    quant = helper.make_function(
        DOMAIN, "Quant", ["x", "scale", "zeropt", "bits"], ["y"], [
            signed, narrow, scalar(1, "one"), scalar(2, "two"),
            node("Cast", ["signed_int"], ["s"], to=TensorProto.FLOAT),
            node("Cast", ["narrow_int"], ["n"], to=TensorProto.FLOAT),
            node("Sub", ["bits", "s"], ["room"]), node("Pow", ["two", "room"], ["power"]),
            # low = signed * (narrow - power), high = power - 1 - narrow * (1 - signed)
            node("Sub", ["n", "power"], ["below"]), node("Mul", ["s", "below"], ["low"]),
            node("Sub", ["one", "s"], ["u"]), node("Mul", ["n", "u"], ["less"]),
            node("Sub", ["power", "one"], ["top"]), node("Sub", ["top", "less"], ["high"]),
            node("Div", ["x", "scale"], ["scaled"]), node("Add", ["scaled", "zeropt"], ["moved"]),
            node("Max", ["moved", "low"], ["raised"]), node("Min", ["raised", "high"], ["cut"]),
            node("Round", ["cut"], ["whole"]), node("Sub", ["whole", "zeropt"], ["back"]),
            node("Mul", ["back", "scale"], ["y"])],
        opset, attributes=["signed", "narrow", "rounding_mode"])
    return [bipolar, quant]
