"""Makes a graph of a Larq model: the ``.h5`` file that Keras' ``model.save`` writes.

The layers of a Sequential model become the nodes that an ONNX file of them would have, so that the
rest of the exchange treats both alike. Larq's sign is +1 at 0.
"""

import numpy as np

from ..store.files import parse_json
from .graph import QUANTIZED, Graph, Node
from .tensor import short


NUMBERS_LIMIT = 2**26  # numbers of an array
SIGNS = ("stesign", "approxsign", "swishsign")  # quantizers that give the sign
PASSED = ("InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise")
FLOATS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


def read(path):
    """Return the :class:`sw.exchange.graph.Graph` of an HDF5 file that may come from anybody."""
    try:
        import h5py
    except ImportError:
        raise ValueError("Larq's files need the package h5py (pip install h5py)") from None
    with open(path, "rb") as file:
        return _graph(path, file, h5py)


def _graph(path, octets, h5py):
    try:
        with h5py.File(octets, "r") as file:
            if "model_config" not in file.attrs:
                raise ValueError("it has no model_config, so its layers are unknown")
            model = parse_json(file.attrs["model_config"], "its model_config")
            if model["class_name"] != "Sequential":
                raise ValueError(f"its layers must be in a row, not {short(model['class_name'])}")
            return _Maker(file["model_weights"], h5py).graph(model["config"]["layers"])
    except ValueError as error:
        reason = str(error)
    except (OSError, RuntimeError, LookupError, TypeError, AttributeError) as error:
        reason = f"it is damaged: {type(error).__name__} {error}"
    raise ValueError(f"{path} must be a Larq model: {' '.join(reason.split())} (write it by "
                     f"model.save('NAME.h5') of a Sequential model)")


class _Maker:
    """Nodes of a graph, made layer by layer; maps have their channels first, as ONNX has."""

    def __init__(self, weights, h5py):
        self.weights, self.h5py = weights, h5py
        self.nodes, self.constants, self.last, self.is_map = [], {}, "input", False

    def graph(self, layers):
        first = layers[0]["config"]
        shape = tuple(first.get("batch_input_shape") or first.get("batch_shape") or ())[1:]
        if not 1 <= len(shape) <= 3 or not all(type(each) is int and each > 0 for each in shape):
            raise ValueError(f"its first layer must say the shape of an image: {short(shape)}")
        self.is_map = len(shape) > 1
        if self.is_map:
            rows, columns, channels = (*shape, 1)[:3]
            shape = channels, rows, columns
        makers = {"Flatten": self.flatten, "QuantDense": self.dense, "Dense": self.dense,
                  "QuantConv2D": self.conv, "Conv2D": self.conv, "MaxPooling2D": self.pool,
                  "MaxPool2D": self.pool, "BatchNormalization": self.normalize,
                  "Activation": self.activate, "Softmax": self.softmax}
        for layer in layers:
            kind, self.name = layer["class_name"].rpartition(">")[2], layer["config"]["name"]
            self.check(kind in makers or kind in PASSED, "be of a kind that is understood", kind)
            self.check(layer["config"].get("data_format") in (None, "channels_last"),
                       "have its channels last", "they are first")
            makers.get(kind, lambda config: None)(layer["config"])
        return Graph(tuple(self.nodes), self.constants, "input", (1, *shape), False, (self.last,))

    def check(self, right, rule, value):
        if not right:
            raise ValueError(f"layer {short(self.name)!r} must {rule}: {short(value)}")

    def add(self, op, *arrays, domain="", **attributes):
        names = [f"constant {len(self.constants) + place}" for place in range(len(arrays))]
        self.constants.update(zip(names, map(np.asarray, arrays), strict=True))
        inputs, self.last = (self.last, *names), f"tensor {len(self.nodes)}"
        self.nodes.append(Node(op, domain, self.name, inputs, (self.last,), attributes, 13))

    def arrays(self):
        """Return the layer's arrays by name, float32."""
        found = {}
        for text in self.weights[self.name].attrs["weight_names"]:
            text = text.decode() if isinstance(text, bytes) else str(text)
            if "flip_ratio" in text:  # a metric of training
                continue
            array, place = text.rpartition("/")[2].removesuffix(":0"), self.weights
            self.check(array in FLOATS and array not in found, "have known weights", text)
            for part in (self.name, *text.split("/")):
                self.check(isinstance(place.get(part, getlink=True), self.h5py.HardLink),
                           "have its weights in the file", text)
                place = place[part]
            self.check(not place.is_virtual and not place.external and place.dtype.kind == "f"
                       and place.size <= NUMBERS_LIMIT, f"have floats in the file, at most "
                       f"{NUMBERS_LIMIT:,}", f"{place.dtype} of shape {place.shape}")
            found[array] = place[()].astype(np.float32)
        return found

    def quantized(self, config, dimensions):
        """Quantize the input; return the layer's arrays, the kernel quantized."""
        found = self.arrays()
        self.check(found["kernel"].ndim == dimensions and np.isfinite(found["kernel"]).all(),
                   f"have a finite kernel of {dimensions} extents", found["kernel"].shape)
        self.sign(config.get("input_quantizer"))
        if self.is_sign(config.get("kernel_quantizer")):
            found["kernel"] = np.where(found["kernel"] >= 0, np.float32(1), np.float32(-1))
        return found

    def is_sign(self, quantizer):
        if isinstance(quantizer, dict):
            quantizer = quantizer["class_name"].rpartition(">")[2]
        self.check(quantizer is None or str(quantizer).replace("_", "").lower() in SIGNS,
                   "quantize by ste_sign, approx_sign or swish_sign", quantizer)
        return quantizer is not None

    def sign(self, quantizer):
        if self.is_sign(quantizer):
            self.add("BipolarQuant", np.float32(1), domain=QUANTIZED)

    def activate(self, config):
        function = config.get("activation") or "linear"
        if function == "softmax":
            self.softmax(config)
        elif function != "linear":
            self.sign(function)

    def softmax(self, config):
        self.add("Softmax", axis=-1)

    def finish(self, config, found):
        if "bias" in found:
            self.add("Add", found["bias"].reshape(-1, *((1, 1) if self.is_map else ())))
        self.activate(config)

    def flatten(self, config):
        if self.is_map:  # Keras has a position's channels together
            self.add("Transpose", perm=(0, 2, 3, 1))
            self.add("Flatten")
        self.is_map = False

    def dense(self, config):
        self.check(not self.is_map, "have a Flatten in front", "a map")
        found = self.quantized(config, 2)
        self.add("MatMul", found["kernel"])
        self.finish(config, found)

    def conv(self, config):
        found, rows = self.quantized(config, 4), config["kernel_size"][0]
        self.check(self.is_map and config.get("groups", 1) == 1
                   and set(config.get("dilation_rate", (1, 1))) == {1},
                   "take a map, in one group and without dilation", config["kernel_size"])
        if config["padding"] == "same":
            self.check(set(config["kernel_size"]) == {rows} and rows % 2 == 1
                       and set(config["strides"]) == {1}, "have an odd square kernel and stride 1 "
                       "to be padded", f"{config['kernel_size']}, {config['strides']}")
            self.add("Pad", np.array([0, 0, rows // 2, rows // 2] * 2),
                     np.float32(config.get("pad_values", 0)))
        self.add("Conv", found["kernel"].transpose(3, 2, 0, 1), strides=tuple(config["strides"]))
        self.finish(config, found)

    def normalize(self, config):
        found = self.arrays()
        size = found["moving_mean"].shape
        self.add("BatchNormalization", found.get("gamma", np.ones(size, np.float32)),
                 found.get("beta", np.zeros(size, np.float32)), found["moving_mean"],
                 found["moving_variance"], epsilon=float(np.float32(config["epsilon"])))

    def pool(self, config):
        self.check(self.is_map and config["padding"] == "valid", "take a map without padding",
                   config["padding"])
        self.add("MaxPool", kernel_shape=tuple(config["pool_size"]),
                 strides=tuple(config["strides"] or config["pool_size"]))
