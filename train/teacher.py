"""Float convolutional networks that a binarized network can learn from: ``--distill``."""

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sw.store.files import read_arrays, write_arrays

from . import loop
from .augment import grey
from .binarize import has_bfloat16
from .recipes import Recipe


FORMAT = "thresher-teacher/1"
FOLDER = Path("build") / "teachers"  # trained once for each dataset and augmentation
SEED = 0  # of every teacher: networks of all seeds have the same one
RECIPE = Recipe("teacher", (16, 32, 64), epochs=12, batch=250, rate=3e-3)  # hidden: channels
DENSE = 128  # neurons between convolutions and classes
DROPOUT = 0.3
DECISIVE = ("hidden", "epochs", "batch", "rate", "smoothing", "augment", "elastic")  # of a recipe


class Teacher(nn.Module):
    """Convolutions of 3 x 3 with pooling and BatchNorm, then two dense layers.

    Parameters
    ----------
    shape : tuple of int
        Height and width of a picture.
    channels : sequence of int
        Channels of each convolution, which halves the picture's height and width.
    classes : int
        Number of classes.
    """

    def __init__(self, shape, channels, classes):
        super().__init__()
        self.shape = shape
        self.dtype = torch.bfloat16 if has_bfloat16() else torch.float32  # half the time
        sizes = (1, *channels)
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(before, after, 3, padding=1, bias=False),
                           nn.BatchNorm2d(after)])
            for before, after in zip(sizes, channels, strict=False))
        height, width = (-(-extent // 2**len(channels)) for extent in shape)
        self.dense = nn.Linear(channels[-1] * height * width, DENSE, bias=False)
        self.normal = nn.BatchNorm1d(DENSE)
        self.last = nn.Linear(DENSE, classes)

    @property
    def synapses(self):
        return sum(part.weight.numel() for part in self.modules()
                   if isinstance(part, nn.Conv2d | nn.Linear))

    def logits(self, x):
        """Return logits, float32 (n, classes), of grey pictures (n, inputs) in -1..1."""
        x = x.view(-1, 1, *self.shape).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.dtype is torch.bfloat16):
            for convolution, normal in self.blocks:
                x = functional.max_pool2d(convolution(x.to(self.dtype)), 2, ceil_mode=True)
                x = functional.relu(normal(x))
            x = functional.relu(self.normal(self.dense(x.flatten(1))))
            return self.last(functional.dropout(x, DROPOUT, self.training)).float()

    @torch.no_grad()
    def answer(self, x):
        """Return logits as :meth:`logits` in evaluation mode, some pictures at a time."""
        return torch.cat([self.logits(part) for part in x.split(RECIPE.batch)])

    def clamp(self):
        """Do nothing, because a teacher's weights have no limit."""


class Trainer(loop.Trainer):
    """Trains a teacher, which has no encoder, on pictures, uint8 (n, height, width)."""

    def __init__(self, recipe, train, validation, classes):
        super().__init__(recipe, None, train, validation, classes, SEED)

    def _network(self, classes):
        with _seeded(self.seed):
            return Teacher(tuple(self.train[0].shape[1:]), self.recipe.hidden, classes).to(
                memory_format=torch.channels_last)

    def _thresholds(self):
        return None

    def _scores(self, images):
        self.network.eval()
        return self.network.answer(grey(images.float()))

    def _epoch(self, feed, bar, stopped):
        with _seeded(1 + self.state.epoch):  # dropout
            return super()._epoch(feed, bar, stopped)


def trainer(recipe, train, validation, classes):
    """Return the trainer of a recipe's teacher."""
    if train[0].ndim != 3:
        raise ValueError(f"Distillation must be for pictures, as teachers are convolutional: "
                         f"inputs have the shape {tuple(train[0].shape[1:])} (use --distill 0)")
    return Trainer(RECIPE.changed(augment=recipe.augment, elastic=recipe.elastic,
                                  heard=recipe.heard), train, validation, classes)


class Chosen:
    """A float network of the user's choice as a teacher, like :class:`Teacher`.

    Parameters
    ----------
    network : nn.Module
        Takes pixel / 255, channels first, as float checkpoints do.
    shape : tuple of int
        Shape of its input.
    classes : int
        Number of classes that its answers must have.
    """

    def __init__(self, network, shape, classes):
        self.network = network.eval()
        self.shape = tuple(shape)
        with torch.no_grad():
            try:
                given = tuple(network(torch.zeros(2, *self.shape)).shape)
            except (RuntimeError, TypeError, ValueError, IndexError) as error:
                raise ValueError(f"Teacher must take inputs of shape ('n', "
                                 f"{', '.join(map(str, self.shape))}): "
                                 f"{str(error).splitlines()[0]} (choose one of this dataset)") \
                    from None
        if given != (2, classes):
            raise ValueError(f"Teacher must give {classes} answers, one a class: its output has "
                             f"the shape {given} for 2 inputs (choose one of this dataset)")

    @property
    def digest(self):
        """Hash of its weights, in hexadecimal: states of a training belong to one teacher."""
        found = hashlib.sha256()
        for name, value in self.network.state_dict().items():
            found.update(name.encode() + value.numpy().tobytes())
        return found.hexdigest()[:12]

    @torch.no_grad()
    def answer(self, x):
        """Return logits, float32 (n, classes), of inputs (n, values) in -1..1."""
        inputs = (x.float() + 1) / 2
        return torch.cat([self.network(part.view(-1, *self.shape)).float()
                          for part in inputs.split(RECIPE.batch)])


def start_of(schooling):
    """Return everything that a teacher depends on, a dict that JSON can hold."""
    data = hashlib.sha256()
    for part in (*schooling.train, *schooling.validation):
        data.update(f"{tuple(part.shape)}".encode() + part.numpy().tobytes())
    recipe = schooling.recipe.to_json()
    heard = {"heard": True} if recipe["heard"] else {}  # names of teachers of pictures stay
    return json.loads(json.dumps({
        **{what: recipe[what] for what in DECISIVE}, **heard, "dense": DENSE, "dropout": DROPOUT,
        "seed": SEED, "data": data.hexdigest(), "torch": str(torch.__version__)}))


def path_of(start, name):
    """Return the file of the teacher of a dataset that depends on ``start``."""
    digest = hashlib.sha256(json.dumps(start, sort_keys=True).encode()).hexdigest()
    return FOLDER / f"{name}-{digest[:12]}.npz"


def save(path, schooling, start):
    """Write the best epoch's network as ``.npz``; a failure leaves no file."""
    state = schooling.state
    facts = {**start, "best_epoch": state.best_epoch, "seconds": round(state.seconds, 1),
             "validation_accuracy": state.history[state.best_epoch - 1]["validation"]}
    write_arrays(path, {"format": np.array(FORMAT), "facts": np.array(json.dumps(facts)),
                        **{name: value.numpy() for name, value in state.best.items()}})


def load(path, schooling):
    """Load a trained teacher into a trainer; return the facts that were saved with it."""
    arrays = read_arrays(path, f"a teacher ({FORMAT})")
    try:
        if str(arrays.pop("format")) != FORMAT:
            raise ValueError("it has another format tag")
        facts = json.loads(str(arrays.pop("facts")))
        schooling.network.load_state_dict({name: torch.from_numpy(value)
                                           for name, value in arrays.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} must be a teacher ({FORMAT}): {reason} (remove it: the same "
                         f"command trains it again)") from None
    schooling.network.eval()
    return facts


@contextmanager
def _seeded(seed):
    """Make PyTorch's own random numbers depend on a seed within a block.

    Dropout and the first weights of PyTorch's layers use the processor's generator, which all
    threads share. Only this generator gets the seed, and its state is restored.
    """
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        yield
