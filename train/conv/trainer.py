"""Trains convolutional networks, on the processor or on a GPU."""


import torch

from .. import loop
from ..augment import generator
from .feed import Pictures
from .network import INTERVAL, ConvNetwork


WARM = 100  # steps in which the rate rises
TIMED = 3   # epochs after which a time limit is planned with; the first two are slower
SCORED = 1000  # pictures evaluated at once


class Trainer(loop.Trainer):
    """Trains one convolutional network.

    Parameters and attributes are those of :class:`train.loop.Trainer`. The encoder is None if the
    first layer takes pixels.
    """

    devices = ("cpu", "cuda")

    def _network(self, classes):
        self.planned = self.recipe.synapse_total(None, classes)
        self.train, self.validation = (tuple(part.to(self.device) for part in pair)
                                       for pair in (self.train, self.validation))
        return ConvNetwork(self.recipe, self.encoder, classes,
                           generator=generator(self.seed, 0)).to(self.device)

    def _feed(self):
        return Pictures(*self.train, self.recipe, seed=self.seed, epochs=self.recipe.epochs)

    def _choose(self, step, steps):
        ramp, freeze = (int(part * steps) for part in (self.recipe.ramp, self.recipe.freeze))
        if step == freeze or (step < freeze and step % INTERVAL == 0) or self._missed(step, freeze):
            self.network.choose(max(0.0, 1 - step / max(1, ramp))**3)

    def _missed(self, step, freeze):
        """Return whether a changed plan has left out the last choice of synapses."""
        history = self.state.history
        return (step > freeze and step % self.steps == 0 and history
                and history[-1]["synapses"] > self.planned)

    def _rate(self, step, steps):
        return min(1.0, (step + 1) / WARM) * super()._rate(step, steps)

    @torch.no_grad()
    def _scores(self, images):
        self.network.eval()
        return torch.cat([self.network(part) for part in images.split(SCORED)])

    def use_best(self):
        """Take the parameters of the best epoch, on the processor, whose sums are exact."""
        self.network.to("cpu").load_state_dict(self.state.best)

    def scores(self, images):
        return self._scores(images)

    def checkpoint(self, **facts):
        return self.network.checkpoint(**facts)

    def _shorten(self, time_limit):
        """Plan as many epochs as fit into the time limit, anew after each epoch."""
        state = self.state
        if state.epoch == TIMED - 1:
            self._begin = state.seconds
        if state.epoch >= TIMED:
            begin = getattr(self, "_begin", None)
            each = (state.seconds / state.epoch if begin is None
                    else (state.seconds - begin) / (state.epoch - TIMED + 1))
            fitting = state.epoch + int((time_limit - state.seconds) / each)
            state.epochs = max(state.epoch, min(self.recipe.passes, fitting))
