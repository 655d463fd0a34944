"""Trains look-up networks: epochs of straight-through gradients, then rounds of descent."""

import torch

from .. import loop
from ..augment import Feed, distortion_of, encode, generator
from ..state import check_tensors, copy
from . import descent
from .network import LatentNetwork, TableNetwork
from .pool import pools


CANDIDATES = ((0.0, 16), (0.2, 8), (0.5, 4), (0.8, 2))  # of a wire, from a part of the epochs on
WARM = 0.02  # part of the steps in which the rate rises
WIDER = 1.6  # times as many near inputs as in the epochs are tried in the rounds
GRADIENTS = 0.25  # share of a time limit that epochs of gradients may take


class Trainer(loop.Trainer):
    """Trains one look-up network. Epochs after those of gradients are rounds of descent.

    Parameters and attributes are those of :class:`train.loop.Trainer`.
    """

    def __init__(self, recipe, encoder, train, validation, classes, seed, device="cpu"):
        self.classes = classes
        self.pools = pools(recipe, encoder, train[0])
        self.wider = pools(recipe, encoder, train[0], WIDER)
        self._timed = 0.0  # seconds of the training when a pass was last timed
        super().__init__(recipe, encoder, train, validation, classes, seed, device)

    def _network(self, classes):
        heat = 1 / self.recipe.softness(classes)
        return LatentNetwork(self.recipe.layers, self.pools, self.encoder.outputs, classes,
                             heat=heat, count=CANDIDATES[0][1], generator=generator(self.seed, 0))

    @property
    def descending(self):
        """Whether the epochs of gradients are over."""
        return isinstance(self.network, TableNetwork) or self.state.epoch >= self._epochs()

    def _epochs(self):
        return self.state.epochs - self.recipe.rounds

    def _rate(self, step, steps):
        warm = WARM * steps
        return min(1.0, (step + 1) / warm) * super()._rate(step, steps)

    def _choose(self, step, steps):
        count = [count for part, count in CANDIDATES if step >= part * steps][-1]
        self.network.shrink(count, self.optimizer)

    def _scores(self, images):
        thresholds = self._thresholds()
        hard = self.network.hard()
        return torch.cat([hard.scores(encode(part.flatten(1).float(), thresholds))
                          for part in images.split(2560)])

    def _kept(self):
        return copy(self.network.hard().state_dict())

    def _epoch(self, feed, bar, stopped):
        if not self.descending:
            return super()._epoch(feed, bar, stopped)
        network = self.network.hard()
        first = self.recipe.epochs + self.state.epoch * self.recipe.copies
        distortion = distortion_of(self.recipe)
        copies = 1 if distortion.nothing else self.recipe.copies
        with Feed(*self.train, self._thresholds(), distortion=distortion, seed=self.seed,
                  epochs=first + copies) as pictures:
            drawn = descent.draw(pictures, range(first, first + copies), self.classes, stopped)
        if drawn is None:
            return None
        last = self.state.epoch + 1 == self.state.epochs
        entry = descent.descend(
            network, *drawn, self.wider, rewire=not last, stopped=stopped,
            random=generator(self.seed, 0, 1 + self.state.epoch),
            note=lambda part: bar.note(**self._shown(descent=f"{part:.0%}")))
        if entry is not None:
            self.network, self.optimizer = network, None
        return entry

    def _shorten(self, time_limit):
        """Plan as many epochs, then as many rounds, as fit into the time limit."""
        state, spent = self.state, self.state.seconds - self._timed
        self._timed = state.seconds
        if self.descending:
            if state.seconds + spent > time_limit:
                state.epochs = state.epoch
        elif state.epoch == 2:
            fitting = int(state.epoch * GRADIENTS * time_limit / state.seconds)
            epochs = max(state.epoch, min(self._epochs(), fitting))
            state.epochs = epochs + self.recipe.rounds

    def _restore(self, state):
        hard = self.network.hard()
        check_tensors(state.best, hard.state_dict())
        _check_tables(state.best, self.recipe, self.encoder.outputs)
        if "wires0" in state.network:
            _check_tables(state.network, self.recipe, self.encoder.outputs)
            hard.load_state_dict(copy(state.network))
            self.network, self.optimizer = hard, None
            return
        check_tensors(state.network, self.network.state_dict())
        self._check_candidates(state.network)
        self.network.load_state_dict(state.network)
        self._restore_moments(state)

    def _check_candidates(self, tensors):
        """Raise ValueError unless candidates are inputs, because the kernels do not look."""
        inputs = self.encoder.outputs
        for index, layer in enumerate(self.network.layers):
            candidates = tensors[f"layers.{index}.candidates"]
            if (candidates.ndim != 3 or candidates.shape[:2] != layer.candidates.shape[:2]
                    or not 1 <= candidates.shape[2] <= layer.candidates.shape[2]
                    or candidates.min() < 0 or candidates.max() >= inputs):
                raise ValueError(f"layer {index} has candidates that there cannot be")
            inputs = len(candidates)

    def use_best(self):
        hard = self.network.hard()
        hard.load_state_dict(self.state.best)
        self.network = hard

    def checkpoint(self, **facts):
        return self.network.checkpoint(self.encoder, **facts)


def _check_tables(tensors, recipe, inputs):
    """Raise ValueError unless tables have the sizes of a recipe's, and wires and bits exist."""
    for index, layer in enumerate(recipe.layers):
        wires, tables = tensors[f"wires{index}"], tensors[f"tables{index}"]
        if (wires.shape != (layer.neurons, layer.inputs) or wires.dtype != torch.int32
                or tables.shape != (layer.neurons, 2**layer.inputs)
                or tables.dtype != torch.uint8):
            raise ValueError(f"layer {index} has other shapes or types")
        if wires.min() < 0 or wires.max() >= inputs or tables.max() > 1:
            raise ValueError(f"layer {index} has wires or bits that there cannot be")
        inputs = layer.neurons
