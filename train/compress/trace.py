"""A float network as a list of layers, by ``torch.export``, BatchNorm merged."""

import operator
import warnings
from dataclasses import dataclass

import torch

from sw.progress import progress

from .fit import CHUNK
from .layers import Input
from .operation import OPERATIONS, batch_norm


BATCH = 3  # of the example: a size that no layer of a network has by itself, most likely
SKIPPED = ("aten.dropout", "aten.alias", "aten.detach", "aten.contiguous", "aten.clone",
           "aten.zeros", "aten.sym_size", "aten.to", "aten._assert_tensor_metadata",
           "aten.lift_fresh_copy")
PASSED = ("aten.dropout", "aten.alias", "aten.detach", "aten.contiguous", "aten.clone", "aten.to",
          "aten.lift_fresh_copy")


@dataclass(eq=False)
class Traced:
    """A network in evaluation mode as layers in the order of computation.

    Attributes
    ----------
    layers : list of Layer
        The input first. The last one gives the network's output.
    """

    layers: list

    def __getitem__(self, name):
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def weighted(self):
        """Convolutions and fully connected layers, in order."""
        return [layer for layer in self.layers if layer.weighted]

    @property
    def macs(self):
        return sum(layer.macs for layer in self.layers)

    @property
    def parameters(self):
        """Number of learnables."""
        return sum(value.numel() for layer in self.layers for value in layer.learnables.values())

    @torch.no_grad()
    def run(self, x, seen=lambda layer, value: None):
        """Return the output for inputs; call ``seen(layer, value)`` with each layer's output."""
        return self.forward(x, seen)

    def forward(self, x, seen=lambda layer, value: None):
        """Compute :meth:`run` with gradients."""
        values = {}
        for layer in self.layers:
            value = layer.forward(*(values[name] for name in layer.inputs)) if layer.inputs else x
            seen(layer, value)
            values[layer.name] = value
        return value

    def scores(self, part):
        """Return the output for the images of a part, some at a time."""
        return torch.cat([self.run(chunk) for chunk in shown(part.inputs, "float scores")])


def shown(inputs, what):
    """Return parts of inputs, with progress where they take long."""
    return progress(inputs.split(CHUNK), what=what, unit="images", scale=CHUNK, delay=3.0)


def trace(network, input_shape):
    """Return the layers of a module, a :class:`Traced`.

    Parameters
    ----------
    network : nn.Module
        Takes float32 (n, ``*input_shape``). Its weights are shared, not copied, unless BatchNorm
        is merged into them.
    input_shape : tuple of int
        Shape of an input without the batch.

    Raises
    ------
    ValueError
        If ``torch.export`` cannot trace the module, or a layer is of a kind unknown here.
    """
    network.eval()
    program = _exported(network, tuple(input_shape))
    traced = _Reader(network, program).read()
    _compare(network, traced, tuple(input_shape))
    return traced


@torch.no_grad()
def _compare(network, traced, input_shape):
    """Raise ValueError unless the layers that were read compute what the module does."""
    x = torch.rand(BATCH, *input_shape, generator=torch.Generator().manual_seed(0))
    wanted = network(x)
    close = 1e-3 * float(wanted.abs().max())  # BatchNorm was merged in float32
    if wanted.isfinite().all() and not torch.allclose(traced.run(x), wanted, rtol=1e-3, atol=close):
        raise ValueError("Model must be computed by its layers alone: the layers that were read "
                         "give other outputs (arguments such as divisor_override, initial states "
                         "and casts are not known)")


def _exported(network, input_shape):
    example = torch.zeros(BATCH, *input_shape)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on LSTM's flat weights
            network(example)
            return torch.export.export(network, (example,), strict=False)
    except Exception as error:  # whatever the user's code and torch.export raise
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ValueError(f"Model must be one that torch.export can trace, for inputs of shape "
                         f"{('n', *input_shape)}: {reason} (no branches on values; "
                         f"inputs are pixel / 255, channels first)") from None


class _Reader:
    """Reads the graph of an exported program."""

    def __init__(self, network, program):
        self.graph = program.graph
        self.tensors = {**dict(network.named_parameters(remove_duplicate=False)),
                        **dict(network.named_buffers(remove_duplicate=False)),
                        **program.constants}
        signature = program.graph_signature
        self.sources = {**signature.inputs_to_parameters, **signature.inputs_to_buffers,
                        **signature.inputs_to_lifted_tensor_constants}
        self.layers = []
        self.made = {}  # node to the name of the layer that gives its value
        self.names = set()

    def read(self):
        for node in self.graph.nodes:
            if node.op == "placeholder" and node.name not in self.sources:
                if self.layers:
                    raise ValueError("Model must take one input")
                self.keep(node, Input("input", "input", (), self.shape(node)))
            elif node.op == "call_function":
                self._call(node)
            elif node.op == "output":
                outputs = node.args[0]
                if len(outputs) != 1 or self.made.get(outputs[0]) != self.layers[-1].name:
                    raise ValueError(f"Model must return one tensor, of its last layer: it returns "
                                     f"{len(outputs)} values")
        return Traced(self.layers)

    def _call(self, node):
        target = str(node.target)
        kind = target.rpartition(".")[0] if target.startswith("aten.") else target
        if kind in SKIPPED:
            if kind in PASSED and node.args[0] in self.made:
                self.made[node] = self.made[node.args[0]]
        elif node.target is operator.getitem:
            if node.args[1] == 0 and node.args[0] in self.made:
                self.made[node] = self.made[node.args[0]]
        elif kind == "aten.batch_norm":
            batch_norm(self, node)
        elif kind in OPERATIONS:
            self.keep(node, OPERATIONS[kind](self, node))
        else:
            raise ValueError(f"Layer {self.path(node) or node.name!r} must be one that can be "
                             f"compressed: {kind} (known: {', '.join(sorted(OPERATIONS))})")

    def keep(self, node, layer):
        """Add a layer, under a name of its own."""
        name, count = layer.name, 2
        while layer.name in self.names:
            layer.name, count = f"{name}_{count}", count + 1
        self.names.add(layer.name)
        self.layers.append(layer)
        self.made[node] = layer.name

    def common(self, node, *inputs):
        """Return name, given name, inputs and shape of a layer."""
        for value in inputs:
            if value not in self.made:
                raise ValueError(f"Layer {self.path(node) or node.name!r} must take values of "
                                 f"layers: {node.target} takes {value}")
        name = self.path(node) or node.name
        return name, name, tuple(self.made[value] for value in inputs), self.shape(node)

    def learnables(self, node, **values):
        """Return learnables and their sources: tensors of placeholders, by their names here."""
        found = {name: self.sources.get(getattr(value, "name", None))
                 for name, value in values.items() if value is not None}
        for name, source in found.items():
            if source is None:
                raise ValueError(f"Layer {self.path(node) or node.name!r} must have learnables of "
                                 f"its own: its {name} is computed")
        return {name: self.tensors[source] for name, source in found.items()}, found

    def path(self, node):
        """Return the path of the innermost module that a node belongs to, or ''."""
        stack = list((node.meta.get("nn_module_stack") or {}).values())
        path, kind = stack[-1] if stack else ("", "")
        # A function called by a module with children, such as x + y, is not that module.
        return path if kind.startswith("torch.nn.modules") and "container" not in kind else ""

    def shape(self, node):
        value = node.meta["val"]
        value = value[0] if isinstance(value, list | tuple) else value
        if not len(value.shape) or value.shape[0] != BATCH:
            raise ValueError(f"Layer {self.path(node) or node.name!r} must keep images apart: its "
                             f"output has the shape {tuple(value.shape)} for {BATCH} images")
        return tuple(value.shape[1:])


