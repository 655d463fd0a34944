"""The training loop: steps, validation, the best epoch, and a state that resumes bit for bit."""

import time
from copy import deepcopy
from math import cos, pi

import numpy as np
import torch
from torch.nn import functional

from sw.progress import progress

from . import places, sparsity
from .augment import Feed, distortion_of, generator
from .models import Network, scores, to_checkpoint
from .sparse import SparseNetwork
from .state import State, check_moments, check_tensors, copy, moments


VALIDATION_SHARE = 12  # one training image in twelve chooses the epoch: 5,000 of MNIST's 60,000


def split(count, limit=None):
    """Return the rows for training and for validation, the same for every seed.

    Parameters
    ----------
    count : int
        Training images of the dataset.
    limit : int or None
        Use at most this many of them.
    """
    order = np.random.default_rng(0).permutation(count)[:limit]
    held = max(1, len(order) // VALIDATION_SHARE)
    return np.sort(order[held:]), np.sort(order[:held])


class Trainer:
    """Trains one network; equal seeds give equal bits inside :func:`.deterministic`.

    Parameters
    ----------
    recipe : Recipe
        Network and training.
    encoder : Encoder
        Integers to bits.
    train, validation : tuple of Tensor
        Images, uint8 (n, ``*input_shape``), and labels, int64 (n,).
    classes : int
        Number of classes.
    seed : int
        Seed of all random numbers.
    device : str
        Where to train, one of ``devices``.

    Attributes
    ----------
    teacher : callable or None
        Returns logits for grey pictures (see :class:`Feed`). Must be set if the recipe distils.
    wrong : Tensor of bool, shape (n,), or None
        Validation images that the latest epoch takes for another class.
    devices : tuple of str
        PyTorch's names of devices that can train such a network.
    """

    teacher = None
    wrong = None
    devices = ("cpu",)

    def __init__(self, recipe, encoder, train, validation, classes, seed, device="cpu"):
        if device not in self.devices:
            raise ValueError(f"Device must be {' or '.join(self.devices)} for {recipe.what}: "
                             f"{device}")
        self.device = device
        self.recipe = recipe
        self.encoder = encoder
        self.train = train
        self.validation = validation
        self.seed = seed
        self.batch = min(recipe.batch, len(train[0]))
        self.steps = len(train[0]) // self.batch  # of an epoch; other images wait for the next
        self.network = self._network(classes)
        self.optimizer = self._adam()
        self.state = State(recipe.passes)

    def _network(self, classes):
        inputs, neurons = self.encoder.outputs, (*self.recipe.hidden, classes)
        counts, reach = self.recipe.counts(inputs), self.recipe.reaches(inputs)
        options = {"limit": self.recipe.limit, "generator": generator(self.seed, 0)}
        if self.recipe.synapses is None:
            return Network(inputs, neurons, counts, **options)
        if self.recipe.local:
            shape = self.train[0].shape[1:]
            options["places"] = places.of_inputs(shape, self.encoder.levels)
        return SparseNetwork(inputs, neurons, counts, reach, **options)

    def _adam(self):
        return torch.optim.Adam(self.network.parameters(), lr=self.recipe.rate, fused=True)

    def _feed(self):
        return Feed(*self.train, self._thresholds(), distortion=distortion_of(self.recipe),
                    seed=self.seed, epochs=self.recipe.epochs, teacher=self.teacher)

    def _thresholds(self):
        return torch.tensor(self.encoder.thresholds, dtype=torch.float32)

    def _scores(self, images):
        return scores(self.network, images, self.encoder)

    def restore(self, state):
        """Go on from a state that :meth:`run` passed to ``on_epoch``."""
        try:
            self._restore(state)
        except (ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise ValueError(f"State to go on from must be one of this network: {reason} (remove "
                             f"its file and train again)") from None
        self.state = state

    def _restore(self, state):
        check_tensors(state.best, self.network.state_dict())
        check_tensors(state.network, self.network.state_dict())
        self.network.load_state_dict(state.network)
        self._restore_moments(state)

    def _restore_moments(self, state):
        self.optimizer = self._adam()
        check_moments(state.optimizer, self.optimizer)
        self.optimizer.load_state_dict(deepcopy(state.optimizer))

    def use_best(self):
        """Take the parameters of the best epoch."""
        self.network.load_state_dict(self.state.best)

    def scores(self, images):
        """Return PyTorch's scores in evaluation mode, see :func:`train.models.scores`."""
        return scores(self.network, images, self.encoder)

    def checkpoint(self, **facts):
        """Return the network as a checkpoint; ``facts`` are its fields besides layers."""
        return to_checkpoint(self.network, self.encoder, **facts)

    def run(self, *, on_epoch, stopped=lambda: False, time_limit=None):
        """Train to the end, or until ``stopped()`` or the time limit.

        Parameters
        ----------
        on_epoch : callable
            Called with the state at the end of each epoch.
        stopped : callable
            Called after each step. If it returns true, the unfinished epoch is dropped.
        time_limit : float or None
            Seconds. After two epochs the plan is shortened to the epochs that fit.
        """
        with self._feed() as feed, \
                progress(total=self.state.epochs, initial=self.state.epoch, unit="epochs",
                         what=f"training {self.recipe.name}") as bar:
            while self.state.epoch < self.state.epochs:
                begin = time.monotonic()
                entry = self._epoch(feed, bar, stopped)
                if entry is None:
                    return
                self.state.seconds += time.monotonic() - begin
                self._record(entry)
                bar.note(**self._shown(loss=f"{entry['loss']:.3f}"))
                on_epoch(self.state)
                bar.update()
                if time_limit is not None:
                    self._shorten(time_limit)
                    bar.total = self.state.epochs

    def _epoch(self, feed, bar, stopped):
        """Train one epoch; return its loss and accuracy, or None if stopped."""
        bits, labels, answers = feed.take(self.state.epoch)
        self.network.train()
        loss_sum = torch.zeros((), device=self.device)
        correct = torch.zeros((), dtype=torch.int64, device=self.device)
        for step in range(self.steps):
            if stopped():
                return None
            rows = slice(step * self.batch, (step + 1) * self.batch)
            loss, logits = self._step(self.state.epoch * self.steps + step, bits[rows],
                                      labels[rows], None if answers is None else answers[rows])
            loss_sum += loss
            correct += (logits.argmax(1) == labels[rows]).sum()
            if step % 50 == 0:
                bar.note(**self._shown(loss=f"{float(loss):.3f}"))
        return {"loss": float(loss_sum) / self.steps,
                "train": 100 * float(correct) / (self.steps * self.batch)}

    def _step(self, step, bits, labels, answers):
        steps = self._epochs() * self.steps
        self._choose(step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate(step, steps)
        logits = self.network.logits(bits)
        loss = objective(logits, labels, answers, self.recipe)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.network.clamp()
        return loss.detach(), logits.detach()

    def _epochs(self):
        """Return the planned epochs of gradients."""
        return self.state.epochs

    def _choose(self, step, steps):
        """Choose synapses anew, before a step."""
        if self.recipe.synapses is not None and sparsity.update(
                self.network, step, ramp=max(1, int(self.recipe.ramp * steps)),
                freeze=int(self.recipe.freeze * steps)):
            self.optimizer = self._adam()

    def _rate(self, step, steps):
        return self.recipe.rate * (1 + cos(pi * step / steps)) / 2

    def _record(self, entry):
        """Validate, keep the best epoch, and return the state."""
        state = self.state
        state.epoch += 1
        images, labels = self.validation
        correct = self._scores(images).argmax(1) == labels
        self.wrong = ~correct
        entry["validation"] = 100 * float(correct.sum()) / len(labels)
        entry["synapses"] = self.network.synapses
        state.network = copy(self.network.state_dict())
        for name, value in state.network.items():
            if not torch.isfinite(value).all():  # signs hide such a weight from the loss
                raise ValueError(f"Training must stay finite: {name} is NaN or infinite after "
                                 f"epoch {state.epoch} (lower the rate, now {self.recipe.rate})")
        state.optimizer = moments(self.optimizer) if self.optimizer else {}
        kept = state.history[state.best_epoch - 1] if state.best_epoch else None
        if kept is None or _rank(entry) >= _rank(kept):
            state.best_epoch, state.best = state.epoch, self._kept()
        state.history.append(entry)

    def _kept(self):
        """Return the tensors of the network as it is evaluated."""
        return self.state.network

    def _shorten(self, time_limit):
        """Plan as many epochs as fit into the time limit, after two epochs have been timed."""
        state = self.state
        if state.epoch >= 2:
            fitting = int(state.epoch * time_limit / state.seconds)
            if state.epoch == 2 or state.seconds * (1 + 1 / state.epoch) > time_limit:
                state.epochs = max(state.epoch, min(state.epochs, fitting))

    def _shown(self, **values):
        if self.state.history:
            values["validation"] = f"{self.state.history[-1]['validation']:.2f} %"
            best = self.state.history[self.state.best_epoch - 1]
            values["best"] = f"{best['validation']:.2f} %"
        return values


def objective(logits, labels, answers, recipe):
    """Return the loss: cross-entropy with the labels, mixed with the distance to a teacher.

    Parameters
    ----------
    logits : Tensor of float32, shape (n, classes)
        Logits of the network.
    labels : Tensor of int64, shape (n,)
        True classes.
    answers : Tensor of float32, shape (n, classes), or None
        The teacher's logits.
    recipe : Recipe
        Label smoothing, weight of the teacher (``distill``) and temperature.

    Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, section 2.
    """
    loss = functional.cross_entropy(logits, labels, label_smoothing=recipe.smoothing)
    if not recipe.distill:
        return loss
    mine, wanted = (functional.log_softmax(part / recipe.temperature, 1)
                    for part in (logits, answers))
    distance = functional.kl_div(mine, wanted, reduction="batchmean", log_target=True)
    return (1 - recipe.distill) * loss + recipe.distill * recipe.temperature**2 * distance


def _rank(entry):
    """Return a sort key: few synapses first, so that no epoch of the ramp wins; then accuracy."""
    return -entry["synapses"], entry["validation"]
