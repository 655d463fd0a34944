"""What training leaves behind: latent weights, BatchNorm statistics and PyTorch's own scores.

All arrays of a checkpoint are read-only.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import isfinite, prod

import numpy as np

from .layers import check_name, freeze, frozen
from .network import Encoder, check_labels, check_shape
from .store import fields
from .store.files import read_arrays, write_arrays


FORMAT = "thresher-ckpt/1"

_HIDDEN = ("weight", "mask", "gamma", "beta", "mean", "variance")
_LAST = ("weight", "mask", "bias")


@dataclass(frozen=True, eq=False)
class Hidden:
    """Binarized dense layer with BatchNorm, as trained.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight : ndarray of float32, shape (neurons, inputs)
        Latent weights: the weight of a synapse is +1 if ``weight >= 0``, else -1.
    mask : ndarray of uint8, shape (neurons, inputs)
        1 for a synapse, 0 for none.
    gamma, beta, mean, variance : ndarray of float32, shape (neurons,)
        BatchNorm: scale, shift and the statistics that evaluation uses.
    eps : float
        Added to the variance.
    """

    name: str
    weight: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    eps: float = 1e-5

    def __post_init__(self):
        _check_synapses(self)
        for what in ("gamma", "beta", "mean", "variance"):
            _check_floats(self, what, (self.outputs,))
        if not (isfinite(self.eps) and self.eps >= 0):
            raise ValueError(f"Eps of layer {self.name!r} must be finite and not negative: "
                             f"{self.eps}")
        if not (self.variance + np.float32(self.eps) > 0).all():
            neuron = int(np.argmin(self.variance))
            raise ValueError(f"Variance of layer {self.name!r} plus eps must be positive: neuron "
                             f"{neuron} has {self.variance[neuron]}")
        freeze(self, *_HIDDEN)

    @property
    def inputs(self):
        return self.weight.shape[1]

    @property
    def outputs(self):
        return self.weight.shape[0]

    @cached_property
    def weights(self):
        """Weights as the network uses them: -1, +1, or 0 for no synapse; int8, like ``weight``."""
        return _ternary(self)

    def normalize(self, dots):
        """Return BatchNorm of dot products, exactly as evaluation computes it.

        Every operation is rounded to float32 on its own, in this order; PyTorch in eval mode does
        the same, so that a neuron fires where this is ``>= 0``.

        Parameters
        ----------
        dots : ndarray of integers, shape (..., neurons)
            Sums of ±1 over the synapses, below 2**24 in size.

        Returns
        -------
        ndarray of float32, shape (..., neurons)
        """
        inverse = self.gamma / np.sqrt(self.variance + np.float32(self.eps))
        return (dots.astype(np.float32) - self.mean) * inverse + self.beta


@dataclass(frozen=True, eq=False)
class Last:
    """The last layer, as trained: score = sum of ±1 over the synapses + bias.

    Attributes
    ----------
    name : str
        Name in reports and error messages.
    weight, mask : ndarray
        As in :class:`Hidden`, one row a class.
    bias : ndarray of int32, shape (classes,)
        Added to each score.
    scale : float
        What training multiplied the scores with before softmax. Evaluation does not use it.
    """

    name: str
    weight: np.ndarray
    mask: np.ndarray
    bias: np.ndarray
    scale: float = 1.0

    def __post_init__(self):
        _check_synapses(self)
        if self.bias.dtype != np.int32 or self.bias.shape != (self.outputs,):
            raise ValueError(f"Bias of layer {self.name!r} must be int32 of shape "
                             f"({self.outputs},): {self.bias.dtype} of shape {self.bias.shape}")
        if not isfinite(self.scale):
            raise ValueError(f"Scale of layer {self.name!r} must be finite: {self.scale}")
        freeze(self, *_LAST)

    inputs = Hidden.inputs
    outputs = Hidden.outputs

    @cached_property
    def weights(self):
        """Weights as the network uses them: -1, +1, or 0 for no synapse; int8, like ``weight``."""
        return _ternary(self)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network before folding.

    Attributes
    ----------
    encoder : Encoder
        Integers to bits.
    hidden : tuple of Hidden
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
        Scores PyTorch gave in eval mode on the whole test set, for comparison with the golden
        model.
    """

    encoder: Encoder
    hidden: tuple
    last: Last
    labels: tuple
    input_shape: tuple
    provenance: dict = field(default_factory=dict)
    test_scores: np.ndarray | None = None

    def __post_init__(self):
        for name in ("hidden", "labels", "input_shape"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        layers = (self.encoder, *self.hidden, self.last)
        names = [layer.name for layer in layers]
        if len(set(names)) < len(names):
            raise ValueError(f"Names of layers must differ: {', '.join(names)}")
        for before, after in pairwise(layers):
            if before.outputs != after.inputs:
                raise ValueError(f"Layer {after.name!r} must have as many inputs as "
                                 f"{before.name!r} has outputs: {after.inputs}, not "
                                 f"{before.outputs}")
        check_shape(self.input_shape)
        if prod(self.input_shape) != self.encoder.inputs:
            raise ValueError(f"Input shape must have as many elements as the encoder has inputs: "
                             f"{self.input_shape}, not {self.encoder.inputs}")
        check_labels(self.labels, self.last.outputs)
        scores = self.test_scores
        if scores is not None and (scores.dtype != np.int32 or scores.ndim != 2
                                   or scores.shape[1] != self.last.outputs):
            raise ValueError(f"Test scores must be int32 of shape (images, {self.last.outputs}): "
                             f"{scores.dtype} of shape {scores.shape}")
        if scores is not None:
            freeze(self, "test_scores")


def save(path, checkpoint):
    """Write a checkpoint as ``.npz``, whole or not at all."""
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
        "last_name": np.array(last.name),
        "last_scale": np.array(last.scale),
        **{f"last_{what}": getattr(last, what) for what in _LAST},
    }
    for index, layer in enumerate(checkpoint.hidden):
        arrays[f"{index}_name"] = np.array(layer.name)
        arrays[f"{index}_eps"] = np.array(layer.eps)
        arrays |= {f"{index}_{what}": getattr(layer, what) for what in _HIDDEN}
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
    if "format" not in arrays or arrays["format"].tolist() != FORMAT:
        raise ValueError(f"{path} must be a checkpoint ({FORMAT}): it has "
                         f"{'another' if 'format' in arrays else 'no'} format tag "
                         f"(make one with 'python -m train.bnn_mnist')")
    try:
        return Checkpoint(
            encoder=Encoder(fields.text(arrays, "encoder_name"), arrays["encoder_thresholds"],
                            fields.integer(arrays, "encoder_input_bits")),
            hidden=tuple(_hidden(arrays, index)
                         for index in range(fields.integer(arrays, "layers"))),
            last=Last(fields.text(arrays, "last_name"),
                      *(arrays[f"last_{what}"] for what in _LAST),
                      scale=fields.real(arrays, "last_scale")),
            labels=fields.texts(arrays, "labels"),
            input_shape=fields.integers(arrays, "input_shape"),
            provenance=fields.content(arrays, "provenance"),
            test_scores=arrays.get("test_scores"))
    except KeyError as error:
        raise ValueError(f"{path} must have the field {error} (it is not whole: train it again "
                         f"with 'python -m train.bnn_mnist')") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _hidden(arrays, index):
    name = fields.text(arrays, f"{index}_name")
    missing = [what for what in _HIDDEN if f"{index}_{what}" not in arrays]
    if missing:
        raise ValueError(f"Layer {name!r} must have weights, mask and BatchNorm: no "
                         f"{', '.join(missing)} (only networks with BatchNorm after every hidden "
                         f"layer can be folded)")
    return Hidden(name, *(arrays[f"{index}_{what}"] for what in _HIDDEN),
                  eps=fields.real(arrays, f"{index}_eps"))


def _ternary(layer):
    signs = np.where(layer.weight >= 0, np.int8(1), np.int8(-1))
    return frozen(signs * layer.mask.astype(np.int8))


def _check_synapses(layer):
    check_name(layer.name)
    if layer.weight.ndim != 2 or 0 in layer.weight.shape:
        raise ValueError(f"Weight of layer {layer.name!r} must have the shape (neurons, inputs): "
                         f"{layer.weight.shape}")
    _check_floats(layer, "weight", layer.weight.shape)
    if layer.mask.dtype != np.uint8 or layer.mask.shape != layer.weight.shape:
        raise ValueError(f"Mask of layer {layer.name!r} must be uint8 of shape "
                         f"{layer.weight.shape}: {layer.mask.dtype} of shape {layer.mask.shape}")
    if layer.mask.max() > 1:
        raise ValueError(f"Mask of layer {layer.name!r} must be 0 or 1: {layer.mask.max()}")


def _check_floats(layer, what, shape):
    array = getattr(layer, what)
    if array.dtype != np.float32 or array.shape != shape:
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be float32 of shape "
                         f"{shape}: {array.dtype} of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what.capitalize()} of layer {layer.name!r} must be finite: it holds "
                         f"NaN or infinity (train it again)")
