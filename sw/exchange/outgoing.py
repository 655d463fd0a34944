"""Writes a folded network as an ONNX file of QONNX's operators."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

from ..store.files import write_bytes
from .metadata import KEY, Ours
from .write.sheet import DOMAIN, WRITERS, Sheet, functions


OPSET = 18


def write(path, network, *, bipolar=True):
    """Write a folded network as ONNX.

    The graph takes the network's inputs, integers as float32, (images, channels, rows, columns) or
    (images, values), and gives the scores. It holds QONNX's quantizers, and each of them as a
    function of ONNX's own operators for runtimes that lack it.

    Parameters
    ----------
    path : path-like
        File to write.
    network : sw.network.Network
        The network.
    bipolar : bool
        Whether BipolarQuant may be used. Otherwise all quantizers are Quant.
    """
    write_bytes(path, model(network, Path(path).stem, bipolar=bipolar).SerializeToString())


def model(network, name="network", *, bipolar=True):
    """Return a folded network as a checked ModelProto."""
    map_ = picture_of(network.input_shape)
    sheet = Sheet("image", map_, bipolar)
    for layer in network.layers:
        sheet.layer = layer.name
        WRITERS.of(layer)(layer, sheet)
    sheet.nodes[-1].output[0] = "scores"
    extents = [map_[2], *map_[:2]] if map_ else [network.inputs]
    graph = helper.make_graph(
        sheet.nodes, name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", *extents])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", network.classes])],
        sheet.constants)
    made = helper.make_model(
        graph, ir_version=9, producer_name="thresher", functions=functions(),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)])
    helper.set_model_props(made, {KEY: Ours.text(network)})
    onnx.checker.check_model(made, full_check=True)
    return made


def picture_of(shape):
    """Return rows, columns and channels of an input shape whose order is HWC, else None."""
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) == 3 and shape[2] in (1, 3):
        return tuple(shape)
    return None
