"""C code of a layer: what a kind registers, and what the writer of the files puts together."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..layer.registry import Registry


CODE = Registry("C code", ("sw.c.kind",))  # an entry is a :class:`Code`

KERNELS = Path(__file__).parent / "kernel"
PER_LINE = 92  # characters of a table's line

SMALL, FAST = "size", "speed"


@dataclass(frozen=True)
class Options:
    """Options that decide between ways to compute a layer.

    Attributes
    ----------
    word_bits : int
        Bits of a word of packed inputs and weights: 64 or 32.
    group : int
        Neurons whose words of weights lie together: 8, so that a vector holds a word of each, or 1.
    prefer : str
        ``"speed"`` or ``"size"``.
    sparse : str
        Way to compute layers with missing synapses: ``"auto"``, ``"words"``, ``"lists"`` or
        ``"code"``.
    word_cost : float
        Time for a word of packed weights, as a multiple of the time for a synapse in a list.
    """

    word_bits: int = 64
    group: int = 8
    prefer: str = FAST
    sparse: str = "auto"
    word_cost: float = 1.0


@dataclass(frozen=True, eq=False)
class Table:
    """A constant array in C.

    Attributes
    ----------
    name : str
        Identifier.
    ctype : str
        Type of an element. ``word``, ``limit`` and ``level`` are defined for the network.
    values : ndarray of int
        Elements in order.
    """

    name: str
    ctype: str
    values: np.ndarray

    @property
    def text(self):
        """The definition in C."""
        values = np.asarray(self.values).ravel().tolist()
        suffix = "u" if self.ctype == "word" or self.ctype.startswith("uint") else ""
        write = hex if self.ctype == "word" else str
        lines, line = [], "   "
        for value in values:
            item = f" {write(value)}{suffix},"
            if len(line) + len(item) > PER_LINE:
                lines.append(line)
                line = "   "
            line += item
        lines.append(line.rstrip(","))
        body = "\n".join(lines)
        return f"static const {self.ctype} {self.name}[{len(values)}] = {{\n{body}\n}};\n"


@dataclass(frozen=True)
class Part:
    """C code of a layer.

    Attributes
    ----------
    call : str
        Statements that compute the layer, with ``{x}`` for its inputs and ``{y}`` for its outputs.
    kernels : tuple of str
        Kernels that the call and the functions need, in order, see :func:`kernel`.
    tables : tuple of Table
        The layer's constants.
    functions : str
        Functions for this layer alone.
    words : int
        Words of scratch memory, ``memory->words``.
    window : int
        Octets of scratch memory, ``memory->window``.
    spare : int
        Values that the call may write behind the layer's outputs.
    """

    call: str
    kernels: tuple = ()
    tables: tuple = ()
    functions: str = ""
    words: int = 0
    window: int = 0
    spare: int = field(default=0)


class Code:
    """The ways in which a kind of layer is computed in C. A kind overrides both methods."""

    def image(self, layer, options):
        """Return the :class:`Part` for one image: inputs and outputs are octets of 0 and 1.

        The inputs of a first layer are pixels, the outputs of a last one scores.
        """
        raise NotImplementedError

    def slices(self, layer, read):
        """Return the :class:`Part` for many images: inputs and outputs are lanes.

        The outputs of a last layer are scores of ``images`` images.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer, which is not the first.
        read : ndarray of bool, shape (outputs,)
            Outputs that matter. Others need not be computed.
        """
        raise NotImplementedError

    def logic(self, layer):
        """Return the synapses or tables that :meth:`slices` makes logic; None for too many."""
        return 0

    def float_outputs(self, layer):
        """Return the neurons of a fully connected layer of floats like this one; None of others."""

    def reads(self, layer):
        """Return which inputs any output depends on: ndarray of bool, shape (inputs,)."""
        return np.ones(layer.inputs, bool)


def kernel(name):
    """Return the C text of a kernel: ``fire``, or ``fire_list uint16`` of an index type.

    The words behind the name replace INDEX and VALUE in the text.
    """
    name, *types = name.split()
    text = (KERNELS / f"{name}.c").read_text(encoding="utf-8")
    for place, ctype in zip(("INDEX", "VALUE"), types, strict=False):
        text = text.replace(place, ctype)
    return text


def index_type(count):
    """Return the name of the unsigned type for an index below ``count``, without its ``_t``."""
    return "uint16" if count <= 2**16 else "uint32"
