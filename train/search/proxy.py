"""One trial: a network is trained briefly, on a part of the data, and weighed for the board."""

from dataclasses import dataclass
from math import ceil, prod

import numpy as np
import optuna
from optuna.trial import TrialState

from sw.fold import fold
from sw.share.queue import Interrupted

from .. import bnn_mnist, loop
from ..options import parser, recipe_of
from . import space


FEW = 4  # trials of the same size that a trial is compared with before it may be given up
LIKE = 1.1  # times a trial's size that counts as the same size
HOPELESS = 1.25  # times the device that a planned network may take and still be trained
COPIED = {"over", "interval", "seconds", "size", "family"}  # what equal trials have in common


@dataclass(frozen=True)
class Brief:
    """Extent of a brief training.

    Attributes
    ----------
    epochs : int
        Passes over its images.
    rounds : int
        Rounds of descent of look-up networks.
    images : int
        Training images.
    """

    epochs: int
    rounds: int
    images: int

    @property
    def rungs(self):
        """Epochs after which hopeless trials end."""
        return sorted({max(1, ceil(self.epochs / 4)), max(1, ceil(self.epochs / 2))})


class Proxy:
    """Objective of the sampler.

    Parameters
    ----------
    dataset : sw.data.datasets.Dataset
        The data; its test part is not touched.
    hardware : Hardware
        The board.
    families : list of space.Family
        Families to choose from.
    facts : space.Facts
        Facts of the choices.
    brief : Brief
        Extent of the training.
    stopped : callable
        Returns whether the worker must stop.
    """

    def __init__(self, dataset, hardware, families, facts, brief, stopped):
        self.dataset = dataset
        self.hardware = hardware
        self.families = families
        self.facts = facts
        self.brief = brief
        self.stopped = stopped
        self.rows, self.held = loop.split(len(dataset.train_images))
        chosen = np.random.default_rng(0).permutation(self.rows)[:brief.images]
        self.rows = np.sort(chosen)

    def __call__(self, trial):
        """Return validation accuracy, LUT4 and images per second."""
        family, words = space.suggested(trial, self.families, self.facts)
        trial.set_user_attr("words", words)
        trial.set_user_attr("key", " ".join(words))
        if (same := self._same(trial)) is not None:
            return same
        counted = {name: getattr(self.brief, name) for name in family.passes}
        given = [*words, *(str(word) for name, count in counted.items()
                           for word in (f"--{name}", count))]
        options = parser().parse_args(["--dataset", self.dataset.name, *given])
        try:
            recipe = bnn_mnist.fitted(options, recipe_of(options), self.dataset)
            self._check(recipe)
        except ValueError as error:  # a choice that makes no network
            trial.set_user_attr("refused", str(error))
            raise optuna.TrialPruned from None
        planned = recipe.planned(len(self.dataset.labels), self.hardware.board.family)
        if planned is not None and planned > HOPELESS * self.hardware.lut4:
            trial.set_user_attr("over", planned / self.hardware.lut4 - 1)
            return 0.0, float(planned), 0.0
        trainer, encoder = self._trainer(recipe)
        size = recipe.synapse_total(encoder.outputs if encoder else self.facts.inputs,
                                    len(self.dataset.labels))
        trial.set_user_attr("size", size)
        trial.set_user_attr("family", family.name)
        self._train(trial, trainer, family)
        trainer.use_best()
        state = trainer.state
        network = fold(trainer.checkpoint(
            labels=self.dataset.labels, input_shape=self.dataset.input_shape, provenance={},
            test_scores=np.zeros((0, len(self.dataset.labels)), np.int32),
            conversion=self.dataset.conversion))
        figures = self.hardware.figures(network)
        trial.set_user_attr("over", figures.over)
        trial.set_user_attr("interval", figures.interval)
        trial.set_user_attr("seconds", round(state.seconds, 2))
        return (state.history[state.best_epoch - 1]["validation"], float(figures.lut4),
                figures.rate)

    @staticmethod
    def _same(trial):
        """Return the values of a trial of the same options that ended; None if there is none."""
        for other in trial.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if other.user_attrs.get("key") == trial.user_attrs["key"]:
                for name in COPIED & set(other.user_attrs):
                    trial.set_user_attr(name, other.user_attrs[name])
                return tuple(other.values)
        return None

    def _check(self, recipe):
        inputs = prod(self.dataset.input_shape) * (recipe.levels or 1)
        recipe.check(inputs, len(self.dataset.labels))

    def _trainer(self, recipe):
        encoder = recipe.encoder(self.dataset.train_images[self.rows])
        return bnn_mnist.trainer_of(recipe, encoder, self.dataset, self.rows, self.held,
                                    seed=1), encoder

    def _train(self, trial, trainer, family):
        """Train; raise TrialPruned at a rung where the trial is hopeless."""
        hopeless = []

        def on_epoch(state):
            if state.epoch not in self.brief.rungs:
                return
            accuracy = max(entry["validation"] for entry in state.history)
            trial.set_user_attr(f"rung{state.epoch}", accuracy)
            if is_hopeless(trial.study, trial.number, family.name,
                           trial.user_attrs["size"], state.epoch, accuracy):
                hopeless.append(state.epoch)

        trainer.run(on_epoch=on_epoch, stopped=lambda: bool(hopeless) or self.stopped())
        if hopeless:
            raise optuna.TrialPruned
        if trainer.state.epoch < trainer.state.epochs or not trainer.state.best_epoch:
            raise Interrupted


def is_hopeless(study, number, family, size, epoch, accuracy):
    """Return whether a trial is in the lower half of those of its family that are not larger.

    Successive halving: Jamieson and Talwalkar, Non-stochastic best arm identification, 2016; by
    size, because a small network may be less accurate than a large one and still be on the front.
    """
    name = f"rung{epoch}"
    others = [trial.user_attrs[name] for trial in study.get_trials(deepcopy=False)
              if trial.number != number and name in trial.user_attrs
              and trial.user_attrs.get("family") == family
              and trial.user_attrs.get("size", size) <= LIKE * size]
    return len(others) >= FEW and accuracy < float(np.median(others))
