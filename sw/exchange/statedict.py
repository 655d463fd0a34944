"""Makes a folded network of a state dict of our own dense and sparse networks.

A state dict has weights and BatchNorm, but neither the encoder nor the shape of an image: these
come from options, or are guessed, and every guess is told.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from .. import golden
from ..checkpoint import Checkpoint, Hidden, Last
from ..conversion import as_is
from ..data.thresholds import uniform_thresholds
from ..fold import fold
from ..layer.check import INPUTS_LIMIT, LEVELS_LIMIT, NEURONS_LIMIT
from ..layer.encoder import Encoder
from . import torchfile
from .incoming import flat_shape


SYNAPSES_LIMIT = 2**28  # entries of a layer's matrix
LAYERS_LIMIT = 64
NORMAL = ("gamma", "beta", "mean", "variance")
LINKS = ("candidates", "mask")
EPS = 1e-5  # of train.binarize.Normalize
DTYPES = {"candidates": "int64", "mask": "uint8"}


@dataclass(frozen=True, eq=False)
class Read:
    """A network of a state dict.

    Attributes
    ----------
    network : sw.network.Network
        The folded network.
    checkpoint : sw.checkpoint.Checkpoint
        The latent weights that it was folded from.
    guessed : tuple of str
        Facts that the state dict lacks and nobody gave, for people.
    """

    network: object
    checkpoint: Checkpoint
    guessed: tuple

    def differ(self, images):
        """Return how many of the images have other scores than in PyTorch's arithmetic."""
        ours = golden.Model(self.network).scores(images)
        return int((ours != scores(self.checkpoint, images)).any(axis=1).sum())


def load(path, *, thresholds=None, shape=None, labels=None, conversion=None, provenance=None):
    """Read a state dict of :class:`train.models.Network` or :class:`train.sparse.SparseNetwork`.

    Parameters
    ----------
    path : path-like
        A file of ``torch.save(network.state_dict(), path)``.
    thresholds : ndarray of int, shape (levels,) or (inputs, levels), optional
        The encoder's, of all inputs or of each one.
    shape : tuple of int, optional
        Shape of an image.
    labels : sequence of str, optional
        Names of the classes; numbers otherwise.
    conversion : sw.conversion.Picture or sw.conversion.Row, optional
        How pictures or rows of users become inputs; as they are otherwise.
    provenance : dict, optional
        The network's.

    Returns
    -------
    Read
    """
    tensors = torchfile.read(path)
    layers = _checked(tensors)
    encoder, shape, guessed = _first(tensors, thresholds, shape)
    weights, inputs = [], encoder.outputs
    for index in range(layers):
        weights.append(_spread(tensors, index, inputs))
        inputs = len(weights[-1][0])
    hidden = [Hidden(f"fc{index + 1}", *weights[index],
                     *(tensors[f"normal.{index}.{what}"] for what in NORMAL), eps=EPS)
              for index in range(layers - 1)]
    last = Last(f"fc{layers}", *weights[-1], np.zeros(inputs, np.int32),
                float(np.exp(tensors["log_scale"])))
    checkpoint = Checkpoint(encoder, hidden, last, labels=labels or tuple(map(str, range(inputs))),
                            input_shape=shape, provenance=provenance or {},
                            conversion=conversion or as_is(shape))
    return Read(fold(checkpoint), checkpoint, tuple(guessed))


def scores(checkpoint, images):
    """Return the scores of images in the float32 arithmetic of evaluation, from latent weights.

    Returns
    -------
    ndarray of float32, shape (n, classes)
    """
    first = checkpoint.first.thresholds
    x = images.reshape(len(images), -1, 1) >= first
    x = np.where(x.reshape(len(images), -1), np.float32(1), np.float32(-1))
    for layer in checkpoint.hidden:
        x = np.where(layer.normalize(x @ _signs(layer).T) >= 0, np.float32(1), np.float32(-1))
    return x @ _signs(checkpoint.last).T


def _signs(layer):
    return np.where(layer.weight >= 0, np.float32(1), np.float32(-1)) * layer.mask


def _checked(tensors):
    """Return the number of layers; check names, types and sizes of all tensors."""
    layers = sum(1 for name in tensors if name.startswith("linear.") and name.endswith(".weight"))
    sparse = "linear.0.mask" in tensors
    names = {"log_scale"}
    for index in range(layers):
        names |= {f"linear.{index}.{what}" for what in ("weight", *(LINKS if sparse else ()))}
        if index < layers - 1:
            names |= {f"normal.{index}.{what}" for what in NORMAL}
    way = "(networks of train.models and train.sparse have a state dict that can be read)"
    if other := sorted(set(tensors) - names):
        raise ValueError(f"State dict must have tensors of a dense or sparse network only: "
                         f"{_listed(other)} {way}")
    if missing := sorted(names - set(tensors)):
        raise ValueError(f"State dict must have all tensors of a network: no {_listed(missing)} "
                         f"{way}")
    if not 1 <= layers <= LAYERS_LIMIT:
        raise ValueError(f"State dict must have 1 to {LAYERS_LIMIT} layers: {layers} {way}")
    for name, tensor in tensors.items():
        expected = DTYPES.get(name.rpartition(".")[2], "float32")
        if tensor.dtype != expected or not np.isfinite(tensor).all():
            raise ValueError(f"Tensor {name!r} must be {expected} and finite: {tensor.dtype} of "
                             f"shape {tensor.shape}")
    for index in range(layers):
        _check_layer(tensors, index, sparse, last=index == layers - 1)
    if tensors["log_scale"].shape != ():
        raise ValueError(f"Tensor 'log_scale' must be a number: shape {tensors['log_scale'].shape}")
    return layers


def _check_layer(tensors, index, sparse, last):
    weight = tensors[f"linear.{index}.weight"]
    if weight.ndim != 2 or not 1 <= weight.shape[0] <= NEURONS_LIMIT \
            or not 1 <= weight.shape[1] <= INPUTS_LIMIT:
        raise ValueError(f"Tensor 'linear.{index}.weight' must be of shape (neurons, inputs): "
                         f"{weight.shape}")
    fitting = {f"linear.{index}.{what}": weight.shape for what in (LINKS if sparse else ())}
    if not last:
        fitting |= {f"normal.{index}.{what}": weight.shape[:1] for what in NORMAL}
    for name, shape in fitting.items():
        if tensors[name].shape != shape:
            raise ValueError(f"Tensor {name!r} must be of shape {shape}, as the weights are: "
                             f"{tensors[name].shape}")


def _first(tensors, thresholds, shape):
    """Return the encoder, the shape of an image, and what was guessed."""
    guessed = []
    row = None if thresholds is None else np.asarray(thresholds)
    bits = None if "linear.0.mask" in tensors else tensors["linear.0.weight"].shape[1]
    if row is not None and (row.ndim not in (1, 2) or row.dtype.kind not in "iu" or not row.size):
        raise ValueError(f"Thresholds must be whole numbers of shape (levels,) or (inputs, "
                         f"levels): {row.dtype} of shape {row.shape}")
    if shape is None and row is not None and row.ndim == 2:
        shape = flat_shape(len(row))
    elif shape is None:
        if bits is None:
            raise ValueError("Shape of an image must be given for a sparse network, whose state "
                             "dict does not say its inputs (--size ROWSxCOLUMNS or --dataset D)")
        shape = flat_shape(bits // (1 if row is None else len(row)))
        guessed.append(f"an image is {' x '.join(map(str, shape))} (--size or --dataset: another)")
    inputs = prod(shape)
    if row is None:
        levels = 1 if bits is None else bits // inputs
        if not 1 <= levels <= LEVELS_LIMIT:
            raise ValueError(f"Image must have at most the {bits} inputs of the first layer: "
                             f"{inputs} (check --size and --dataset)")
        row = np.array(uniform_thresholds(min(levels, 255)))
        guessed.append(f"the encoder's thresholds are {', '.join(map(str, row))} at every pixel "
                       f"(--thresholds: others; training moves those of nearly constant pixels)")
    encoder = Encoder.uniform(inputs, row) if row.ndim == 1 else Encoder("encoder", row)
    if encoder.inputs != inputs or bits not in (None, encoder.outputs):
        raise ValueError(f"Encoder must give the {bits or 'network’s'} inputs of the first layer: "
                         f"{inputs} pixels, {encoder.inputs} of {encoder.levels} thresholds "
                         f"(check --size, --dataset and --thresholds)")
    return encoder, tuple(shape), guessed


def _spread(tensors, index, inputs):
    """Return latent weights and mask of a layer over all its inputs."""
    weight = tensors[f"linear.{index}.weight"]
    if len(weight) * inputs > SYNAPSES_LIMIT:
        raise ValueError(f"Layer {index} must have at most {SYNAPSES_LIMIT:,} weights: "
                         f"{len(weight)} x {inputs}")
    if f"linear.{index}.mask" not in tensors:
        if weight.shape[1] != inputs:
            raise ValueError(f"Tensor 'linear.{index}.weight' must have the {inputs} outputs of "
                             f"the layer before as inputs: {weight.shape[1]}")
        return weight, np.ones(weight.shape, np.uint8)
    places = tensors[f"linear.{index}.candidates"]
    ordered = np.sort(places, axis=1)
    if ordered[:, 0].min() < 0 or ordered[:, -1].max() >= inputs \
            or (ordered[:, 1:] == ordered[:, :-1]).any():
        raise ValueError(f"Tensor 'linear.{index}.candidates' must be different numbers in "
                         f"0..{inputs - 1}: {ordered[:, 0].min()} to {ordered[:, -1].max()} "
                         f"(check --size and --thresholds)")
    spread = []
    for part in (weight, tensors[f"linear.{index}.mask"]):
        whole = np.zeros((len(weight), inputs), part.dtype)
        np.put_along_axis(whole, places, part, axis=1)
        spread.append(whole)
    return tuple(spread)


def _listed(names, most=3):
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
