"""Retraining, which most methods end with: its settings in one object."""

from dataclasses import dataclass, replace

from .fit import AUGMENTS, fit


@dataclass(frozen=True)
class Retrain:
    """Settings of a training after a change of the network.

    Attributes
    ----------
    epochs : int
        Passes over the training images; 0 for none.
    rate : float
        First learning rate.
    seed : int
        Seed of order, dropout and augmentation.
    augment : str
        One of :data:`train.compress.fit.AUGMENTS`.
    loss : callable or None
        As in :func:`train.compress.fit.fit`, such as that of a teacher.
    half : bool
        As in :func:`train.compress.fit.fit`.
    """

    epochs: int = 3
    rate: float = 1e-3
    seed: int = 0
    augment: str = "none"
    loss: object = None
    half: bool = False

    def slower(self, factor):
        """Return a copy whose rate is divided by ``factor``."""
        return replace(self, rate=self.rate / factor)

    def __call__(self, network, part, what, number=0, **options):
        """Train a network on a part of the data; ``number`` tells several trainings apart."""
        if self.epochs:
            fit(network, part, epochs=self.epochs, rate=self.rate, seed=self.seed + 1000 * number,
                augment=AUGMENTS[self.augment], loss=self.loss, half=self.half, what=what,
                **options)
        return network.eval()


NONE = Retrain(epochs=0)
