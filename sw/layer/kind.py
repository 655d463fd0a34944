"""Base of all kinds of layers: a kind states its arrays, the shape it takes, the shape it gives."""

from dataclasses import dataclass, fields
from functools import cached_property

from .check import check_array, check_extents, check_name, check_number, freeze
from .registry import discover


KINDS = {}  # classes by the kind's name in files; :func:`kinds` fills and returns it


@dataclass(frozen=True)
class Array:
    """An array or a number that layers of a kind hold.

    Attributes
    ----------
    name : str
        Name of the layer's field, also in files.
    dtype : str
        NumPy's name of the type: ``"int32"``.
    extents : tuple of str
        Things that each dimension counts, in the singular: ``("neuron", "input")``. Two dimensions
        of the same name in a layer must be equally long. Empty for a number.
    meaning : str
        Description in docs/format.md.
    low, high : int or None
        Least and greatest value; None where the layer's own check knows them.
    compared : bool
        Whether the layer asks which integers reach the values. A fraction is then rounded up.
    """

    name: str
    dtype: str
    extents: tuple
    meaning: str
    low: int | None = None
    high: int | None = None
    compared: bool = False

    @property
    def title(self):
        """The name at the beginning of a message."""
        return self.name.replace("_", " ").capitalize()


class Layer:
    """A layer of a folded network. A kind is a frozen dataclass of its name and its arrays.

    Attributes
    ----------
    kind : str
        Name of the kind.
    arrays : tuple of Array
        The layer's arrays in the order in which the identity hashes them.
    takes_pixels : bool
        Whether the layer takes the integers of an image: it can be the first layer, and no other.
        Such a kind has ``input_bits``, ``shift`` and ``pixel_bits`` as
        :class:`sw.layer.encoder.Encoder`.
    gives_scores : bool
        Whether the layer gives a signed score a class: it can be the last layer, and no other.
    keeps_places : bool
        Whether the bits of an input stay together, in the order of the inputs: those of an image
        are still an image.
    vectors : int
        Vectors that the layer computes for an image: one, or one a position.
    synapses : int
        Weights that are not 0.
    """

    takes_pixels = False
    gives_scores = False
    keeps_places = False
    vectors = 1
    synapses = 0

    def __post_init__(self):
        check_name(self.name)
        known = {array.name: array for array in self.arrays}
        stated = [known[field.name] for field in fields(self) if field.name in known]
        extents = {}
        for array in stated:
            if array.extents:
                check_array(self, array)
                check_extents(self, array, extents)
            else:
                check_number(self, array)
        self.check()
        freeze(self, *(array.name for array in stated if array.extents))

    def check(self):
        """Raise ValueError if the layer breaks a rule that :class:`Array` cannot state."""

    @property
    def takes(self):
        """The :class:`sw.layer.shape.Shape` that the layer takes."""
        raise NotImplementedError

    @property
    def gives(self):
        """The :class:`sw.layer.shape.Shape` that the layer gives."""
        raise NotImplementedError

    @property
    def parts(self):
        """Numbers of what the layer consists of, by plural noun: ``{"synapses": 96}``."""
        return {}

    @cached_property
    def inputs(self):
        """Number of values that the layer takes."""
        return self.takes.size

    @cached_property
    def outputs(self):
        """Number of values that the layer gives."""
        return self.gives.size


def kind(cls):
    """Register a class as the kind that its attribute ``kind`` names."""
    if cls.kind in KINDS:
        raise ValueError(f"Name of a kind must not be taken: {cls.kind!r}")
    KINDS[cls.kind] = cls
    return cls


def kinds():
    """Return all kinds by name."""
    discover("sw.layer")
    return KINDS
