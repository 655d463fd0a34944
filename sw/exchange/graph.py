"""The graph of an ONNX file as plain data: nodes in an order of computation, and constants."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from ..layer.check import INPUTS_LIMIT
from .tensor import read_tensor, short


FILE_LIMIT = 2**30  # octets of a model
NODES_LIMIT = 20_000
OPSETS = range(9, 21)
QUANTIZED = "qonnx"  # our name of the domains of quantizing operators
DOMAINS = {"": "", "ai.onnx": "", "onnx.brevitas": QUANTIZED, "finn.custom_op.general": QUANTIZED,
           "qonnx.custom_op.general": QUANTIZED}


@dataclass(frozen=True, eq=False)
class Node:
    """A node of a graph.

    Attributes
    ----------
    op : str
        Name of the operator, which alone decides what the node computes.
    domain : str
        ``""`` for ONNX's own operators, ``"qonnx"`` for those of QONNX, FINN and Brevitas, else
        the file's.
    name : str
        Name for people: the file's, or that of the first output.
    inputs, outputs : tuple of str
        Names of tensors; an input that is left out is ``""``.
    attributes : dict
        Integers, floats, texts, tuples and arrays by name.
    version : int
        Version of ONNX's operators.
    """

    op: str
    domain: str
    name: str
    inputs: tuple
    outputs: tuple
    attributes: dict = field(default_factory=dict)
    version: int = OPSETS[-1]

    def __str__(self):
        return f"{self.op} {short(self.name)!r}"

    def get(self, name, default=None):
        """Return an attribute, or its default."""
        return self.attributes.get(name, default)


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph with one input.

    Attributes
    ----------
    nodes : tuple of Node
        Each stands behind the nodes whose outputs it takes.
    constants : dict of str to ndarray
        Tensors that the file holds.
    input : str
        Name of the one input.
    shape : tuple of int
        Shape of the input for one image; the first extent counts images, and is 1.
    octets : bool
        Whether the input is of the type uint8.
    outputs : tuple of str
        Names of the outputs.
    batch : int
        Number of images that the file states, 1 if it states none.
    metadata : dict of str to str
        Notes of whoever wrote the file.
    """

    nodes: tuple
    constants: dict
    input: str
    shape: tuple
    octets: bool
    outputs: tuple
    batch: int = 1
    metadata: dict = field(default_factory=dict)


def read(path):
    """Read an ONNX file that may come from anybody.

    Returns
    -------
    Graph
        Checked: tensors are within limits, every input of a node is there, and there is no cycle.

    Raises
    ------
    ValueError
        If the file is no ONNX model, or breaks a rule.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise ValueError("Exchange needs the package onnx (pip install onnx)") from None
    path = Path(path)
    if path.stat().st_size > FILE_LIMIT:
        raise ValueError(f"{path} must have at most {FILE_LIMIT >> 20} MiB: "
                         f"{path.stat().st_size >> 20} MiB")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
        if not model.graph.node:
            raise ValueError(f"{path} must be an ONNX model: it has no nodes (check the download)")
        return _graph(model, path.parent)
    except DecodeError:
        raise ValueError(f"{path} must be an ONNX model: its octets are none (check the "
                         f"download)") from None


def _graph(model, folder):
    graph = model.graph
    version = _version(model)
    if len(graph.node) > NODES_LIMIT:
        raise ValueError(f"Graph must have at most {NODES_LIMIT:,} nodes: {len(graph.node):,}")
    if graph.sparse_initializer:
        raise ValueError("Initializers must be dense: there are sparse ones (convert them)")
    constants = {}
    for proto in graph.initializer:
        if proto.name in constants:
            raise ValueError(f"Names of tensors must differ: {short(proto.name)!r} is there twice")
        constants[proto.name] = read_tensor(proto, folder)
    free = [each for each in graph.input if each.name not in constants]
    if len(free) != 1:
        raise ValueError(f"Graph must have one input: {len(free)} "
                         f"({short(', '.join(each.name for each in free)) or 'none'})")
    shape, batch, octets = _input(free[0])
    nodes = [_node(proto, index, version, folder) for index, proto in enumerate(graph.node)]
    outputs = tuple(each.name for each in graph.output)
    nodes = _needed(_sorted(nodes, {*constants, free[0].name}), outputs)
    return Graph(nodes, constants, free[0].name, shape, octets, outputs, batch,
                 {each.key: each.value for each in model.metadata_props})


def _version(model):
    versions = {DOMAINS.get(entry.domain): entry.version for entry in model.opset_import}
    version = versions.get("")
    if version not in OPSETS:
        raise ValueError(f"Opset of the model must be in {OPSETS[0]}..{OPSETS[-1]}: {version} "
                         f"(export it with opset_version={OPSETS[-1]})")
    return version


def _input(value):
    """Return shape, images and whether there are octets of the input's declaration."""
    kind = value.type.tensor_type
    if not kind.HasField("shape") or not kind.shape.dim:
        raise ValueError(f"Input {short(value.name)!r} must have a shape with a first extent for "
                         f"the images: it has none")
    if kind.elem_type not in (1, 2):
        raise ValueError(f"Input {short(value.name)!r} must be float32 or uint8: it has ONNX's "
                         f"type {kind.elem_type}")
    first, *rest = (each.dim_value for each in kind.shape.dim)
    if not 1 <= len(rest) <= 3 or min(rest) < 1 or prod(rest) > INPUTS_LIMIT:
        raise ValueError(f"Input {short(value.name)!r} must have one to three known extents beside "
                         f"the images, and at most {INPUTS_LIMIT:,} values: {short(tuple(rest))}")
    return (1, *rest), max(first, 1), kind.elem_type == 2


def _node(proto, index, version, folder):
    outputs = tuple(proto.output)
    name = proto.name or next(filter(None, outputs), f"number {index}")
    attributes = {each.name: _attribute(each, name, folder) for each in proto.attribute}
    return Node(proto.op_type, DOMAINS.get(proto.domain, proto.domain), name, tuple(proto.input),
                outputs, attributes, version)


def _attribute(proto, node, folder):
    """Return the value of an attribute; subgraphs become their type's name."""
    if proto.ref_attr_name:
        raise ValueError(f"Attribute {short(proto.name)!r} of node {short(node)!r} must have a "
                         f"value: it refers to another")
    if proto.type == proto.TENSOR:
        return read_tensor(proto.t, folder)
    if proto.type in (proto.INTS, proto.FLOATS):
        return tuple(proto.ints if proto.type == proto.INTS else proto.floats)
    if proto.type == proto.STRING:
        return proto.s.decode("utf-8", "replace")
    if proto.type == proto.INT:
        return proto.i
    if proto.type == proto.FLOAT:
        return np.float32(proto.f).item()
    return proto.AttributeType.Name(proto.type).lower()


def _sorted(nodes, known):
    """Return nodes so that each stands behind those whose outputs it takes."""
    makers = {}
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in makers or name in known:
                raise ValueError(f"Names of tensors must differ: {short(name)!r} is made twice")
            makers[name] = node
    waiting = {}
    users = {}
    for node in nodes:
        needed = {name for name in node.inputs if name and name not in known}
        for name in needed:
            if name not in makers:
                raise ValueError(f"Input {short(name)!r} of {node} must be a tensor of the graph: "
                                 f"no node makes it")
            users.setdefault(id(makers[name]), []).append(node)
        waiting[id(node)] = len({id(makers[name]) for name in needed})
    for maker, some in users.items():
        users[maker] = list({id(node): node for node in some}.values())
    ready = [node for node in reversed(nodes) if not waiting[id(node)]]
    done = []
    while ready:
        node = ready.pop()
        done.append(node)
        for user in users.get(id(node), ()):
            waiting[id(user)] -= 1
            if not waiting[id(user)]:
                ready.append(user)
    if len(done) < len(nodes):
        stuck = next(node for node in nodes if waiting[id(node)])
        raise ValueError(f"Graph must have no cycle: {stuck} waits for its own output")
    return done


def _needed(nodes, outputs):
    """Return the nodes on which the outputs depend."""
    made = {name for node in nodes for name in node.outputs}
    for name in outputs:
        if name not in made:
            raise ValueError(f"Output {short(name)!r} must be made by a node: there is none")
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted & set(filter(None, node.outputs)):
            wanted |= set(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))
