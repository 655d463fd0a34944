"""Checkpoint, the result of training: latent weights, BatchNorm and PyTorch's own scores.

All arrays of a checkpoint are read-only.
"""

import json
from dataclasses import dataclass, field
from shlex import quote

import numpy as np

from . import conversion as conversions
from .layer.check import freeze
from .layer.encoder import Encoder
from .network import check_labels, check_shape, tidy
from .order import check_chain, check_ends, check_image
from .store import fields
from .store.files import read_arrays, write_arrays
from .trained.hidden import Hidden
from .trained.kind import FOLDS, stored
from .trained.last import Last


FORMAT = "thresher-ckpt/1"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network before folding.

    Attributes
    ----------
    first : Encoder, or sw.trained.kind.Trained that takes pixels
        Integers to bits.
    hidden : tuple of :class:`sw.trained.kind.Trained`
        Hidden layers in order, and layers that training does not change.
    last : Last, or sw.trained.kind.Trained that gives scores
        Scores.
    labels : tuple of str
        Name of each class.
    input_shape : tuple of int
        Shape of one image.
    provenance : dict
        Recipe, seed, dataset, accuracies: anything JSON can hold.
    test_scores : ndarray of int32, shape (images, classes), or None
        PyTorch's scores of the whole test set in evaluation mode, to compare the golden model
        with.
    conversion : sw.conversion.Picture or sw.conversion.Row
        How pictures or rows of users become inputs. None: inputs are given as they are.
    """

    first: object
    hidden: tuple
    last: object
    labels: tuple
    input_shape: tuple
    provenance: dict = field(default_factory=dict)
    test_scores: np.ndarray | None = None
    conversion: object = None

    def __post_init__(self):
        tidy(self)
        object.__setattr__(self, "hidden", tuple(self.hidden))
        check_ends(self.layers)
        check_chain(self.layers)
        check_shape(self.input_shape)
        check_image(self.layers, self.input_shape)
        check_labels(self.labels, self.last.outputs)
        if self.conversion is None:
            object.__setattr__(self, "conversion", conversions.as_is(self.input_shape,
                                                                     self.first.input_bits))
        conversions.check(self.conversion, self.input_shape)
        scores = self.test_scores
        if scores is not None and (scores.dtype != np.int32 or scores.ndim != 2
                                   or scores.shape[1] != self.last.outputs):
            raise ValueError(f"Test scores must be int32 of shape (images, {self.last.outputs}): "
                             f"{scores.dtype} of shape {scores.shape}")
        if scores is not None:
            freeze(self, "test_scores")

    @property
    def layers(self):
        """All layers in order."""
        return (self.first, *self.hidden, self.last)


def save(path, checkpoint):
    """Write a checkpoint as ``.npz``; a failure leaves no file."""
    first = checkpoint.first
    arrays = {
        "format": np.array(FORMAT),
        "labels": np.array(checkpoint.labels),
        "input_shape": np.array(checkpoint.input_shape, dtype=np.int64),
        "provenance": np.array(json.dumps(checkpoint.provenance, sort_keys=True)),
        "layers": np.array(len(checkpoint.hidden)),
        **_content(first, "encoder" if first.kind == Encoder.kind else "first", Encoder.kind),
        **_content(checkpoint.last, "last", Last.kind),
        **conversions.to_arrays(checkpoint),
    }
    for index, layer in enumerate(checkpoint.hidden):
        arrays |= _content(layer, str(index), Hidden.kind)
    if checkpoint.test_scores is not None:
        arrays["test_scores"] = checkpoint.test_scores
    write_arrays(path, arrays)


def load(path):
    """Read a checkpoint and check everything in it.

    Raises
    ------
    ValueError
        If the file is no checkpoint or breaks a rule: the message names layer and rule.
    """
    arrays = read_arrays(path, f"a checkpoint ({FORMAT})")
    tag = str(arrays["format"].tolist()) if "format" in arrays else ""
    if tag.startswith("thresher-net/"):
        raise ValueError(f"{path} must be a checkpoint ({FORMAT}): it is a folded network already "
                         f"(look at it: python -m sw.inspect {quote(str(path))})")
    if tag != FORMAT:
        raise ValueError(f"{path} must be a checkpoint ({FORMAT}): it has "
                         f"{'another' if 'format' in arrays else 'no'} format tag "
                         f"(make one with 'python -m train.bnn_mnist')")
    try:
        input_shape = fields.integers(arrays, "input_shape")
        provenance = fields.content(arrays, "provenance")
        return Checkpoint(
            first=_trained(arrays, "first" if "first_name" in arrays else "encoder", Encoder.kind),
            hidden=tuple(_trained(arrays, str(index), Hidden.kind)
                         for index in range(fields.integer(arrays, "layers"))),
            last=_trained(arrays, "last", Last.kind),
            labels=fields.texts(arrays, "labels"),
            input_shape=input_shape,
            provenance=provenance,
            test_scores=arrays.get("test_scores"),
            conversion=conversions.of_arrays(arrays, input_shape, provenance))
    except KeyError as error:
        raise ValueError(f"{path} must have the field {error} (it is not whole: train it again "
                         f"with 'python -m train.bnn_mnist')") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _content(layer, prefix, usual):
    """Return a layer's arrays by their names in files; with its kind, if that is not usual."""
    arrays, integers, numbers = stored(type(layer))
    kind = {} if layer.kind == usual else {f"{prefix}_kind": np.array(layer.kind)}
    return {f"{prefix}_name": np.array(layer.name), **kind,
            **{f"{prefix}_{name}": np.array(getattr(layer, name)) for name in integers + numbers},
            **{f"{prefix}_{name}": getattr(layer, name) for name in arrays}}


def _trained(arrays, prefix, usual):
    """Return the layer of a file whose arrays begin with ``prefix``, usual unless it says more."""
    FOLDS.discover()
    kinds = {trained.kind: trained for trained in FOLDS.entries}
    named = f"{prefix}_kind"
    kind = fields.text(arrays, named) if named in arrays else usual
    if kind not in kinds:
        raise ValueError(f"Kind of layer {prefix} must be one of {', '.join(sorted(kinds))}: "
                         f"{kind}")
    name = fields.text(arrays, f"{prefix}_name")
    of_arrays, of_integers, of_numbers = stored(kinds[kind])
    missing = [what for what in of_arrays if f"{prefix}_{what}" not in arrays]
    if missing:
        needs, way_out = (
            ("weights, mask and BatchNorm", "only networks with BatchNorm after every hidden layer "
             "can be folded") if "gamma" in of_arrays else ("all its arrays", "train it again"))
        raise ValueError(f"Layer {name!r} must have {needs}: no {', '.join(missing)} ({way_out})")
    return kinds[kind](
        name, **{what: arrays[f"{prefix}_{what}"] for what in of_arrays},
        **{what: fields.integer(arrays, f"{prefix}_{what}") for what in of_integers},
        **{what: fields.real(arrays, f"{prefix}_{what}") for what in of_numbers})
