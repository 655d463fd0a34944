"""Checkpoint, the result of training: latent weights, BatchNorm and PyTorch's own scores.

All arrays of a checkpoint are read-only.
"""

import json
from dataclasses import dataclass, field
from math import prod
from shlex import quote

import numpy as np

from . import conversion as conversions
from .layer.check import freeze
from .layer.encoder import Encoder
from .network import check_chain, check_labels, check_shape, tidy
from .store import fields
from .store.files import read_arrays, write_arrays
from .trained.hidden import Hidden
from .trained.kind import FOLDS
from .trained.last import Last


FORMAT = "thresher-ckpt/1"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network before folding.

    Attributes
    ----------
    encoder : Encoder
        Integers to bits.
    hidden : tuple of :class:`sw.trained.kind.Trained`
        Hidden layers in order.
    last : Last
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

    encoder: Encoder
    hidden: tuple
    last: Last
    labels: tuple
    input_shape: tuple
    provenance: dict = field(default_factory=dict)
    test_scores: np.ndarray | None = None
    conversion: object = None

    def __post_init__(self):
        tidy(self)
        object.__setattr__(self, "hidden", tuple(self.hidden))
        check_chain(self.layers)
        check_shape(self.input_shape)
        if prod(self.input_shape) != self.encoder.inputs:
            raise ValueError(f"Input shape must have as many elements as the encoder has inputs: "
                             f"{self.input_shape}, not {self.encoder.inputs}")
        check_labels(self.labels, self.last.outputs)
        if self.conversion is None:
            object.__setattr__(self, "conversion", conversions.as_is(self.input_shape,
                                                                     self.encoder.input_bits))
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
        return (self.encoder, *self.hidden, self.last)


def save(path, checkpoint):
    """Write a checkpoint as ``.npz``; a failure leaves no file."""
    encoder, last = checkpoint.encoder, checkpoint.last
    arrays = {
        "format": np.array(FORMAT),
        "labels": np.array(checkpoint.labels),
        "input_shape": np.array(checkpoint.input_shape, dtype=np.int64),
        "provenance": np.array(json.dumps(checkpoint.provenance, sort_keys=True)),
        "layers": np.array(len(checkpoint.hidden)),
        "encoder_name": np.array(encoder.name),
        "encoder_thresholds": encoder.thresholds,
        "encoder_input_bits": np.array(encoder.input_bits),
        **_content(last, "last"),
        **conversions.to_arrays(checkpoint),
    }
    for index, layer in enumerate(checkpoint.hidden):
        arrays |= _content(layer, str(index))
        if layer.kind != Hidden.kind:
            arrays[f"{index}_kind"] = np.array(layer.kind)
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
            encoder=Encoder(fields.text(arrays, "encoder_name"), arrays["encoder_thresholds"],
                            fields.integer(arrays, "encoder_input_bits")),
            hidden=tuple(_hidden(arrays, index)
                         for index in range(fields.integer(arrays, "layers"))),
            last=_trained(Last, arrays, "last"),
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


def _content(layer, prefix):
    """Return a layer's arrays by their names in files."""
    return {f"{prefix}_name": np.array(layer.name),
            **{f"{prefix}_{name}": np.array(getattr(layer, name)) for name in layer.numbers},
            **{f"{prefix}_{name}": getattr(layer, name) for name in layer.arrays}}


def _hidden(arrays, index):
    """Return a hidden layer of a file. The layer is dense unless the file names another kind."""
    FOLDS.discover()
    kinds = {trained.kind: trained for trained in FOLDS.entries}
    named = f"{index}_kind"
    kind = fields.text(arrays, named) if named in arrays else Hidden.kind
    if kind not in kinds:
        raise ValueError(f"Kind of layer {index} must be one of {', '.join(sorted(kinds))}: "
                         f"{kind}")
    missing = [what for what in kinds[kind].arrays if f"{index}_{what}" not in arrays]
    if missing:
        needs = "weights, mask and BatchNorm" if kind == Hidden.kind else "all its arrays"
        raise ValueError(f"Layer {fields.text(arrays, f'{index}_name')!r} must have {needs}: no "
                         f"{', '.join(missing)} (only networks with BatchNorm after every hidden "
                         f"layer can be folded)")
    return _trained(kinds[kind], arrays, str(index))


def _trained(kind, arrays, prefix):
    """Return the trained layer of a kind whose arrays begin with ``prefix``."""
    return kind(fields.text(arrays, f"{prefix}_name"),
                *(arrays[f"{prefix}_{name}"] for name in kind.arrays),
                **{name: fields.real(arrays, f"{prefix}_{name}") for name in kind.numbers})
