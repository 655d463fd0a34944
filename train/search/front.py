"""Fronts: networks that no other one beats in accuracy, area and speed at once."""

from dataclasses import dataclass, field


GOALS = ("accuracy", "area", "rate")
NEAR = 1.0  # percentage points below the best within which area or rate decides


@dataclass(eq=False)
class Entry:
    """A network of the search.

    Attributes
    ----------
    trial : int
        Number of the trial that chose it.
    family : str
        Its family.
    words : list of str
        Options of its training, without epochs and seed.
    accuracy : float
        Validation accuracy in percent; of several seeds their mean.
    lut4 : float
        Estimated LUT4, board included.
    rate : float
        Images per second.
    fits : bool
        Whether it fits the device.
    seconds : float
        Seconds of its training.
    seeds : dict of int to dict
        Results of the full training by seed; empty if there is none.
    """

    trial: int
    family: str
    words: list
    accuracy: float
    lut4: float
    rate: float
    fits: bool = True
    seconds: float = 0.0
    seeds: dict = field(default_factory=dict)

    def beats(self, other):
        """Return whether the network is nowhere worse than another and somewhere better."""
        mine = self.accuracy, -self.lut4, self.rate
        theirs = other.accuracy, -other.lut4, other.rate
        return all(a >= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def entry_of(trial):
    """Return the entry of a trial that ended with values."""
    accuracy, lut4, rate = trial.values
    attributes = trial.user_attrs
    return Entry(trial.number, trial.params.get("family", ""), attributes["words"], accuracy, lut4,
                 rate, attributes.get("over", 1.0) <= 0, attributes.get("seconds", 0.0))


def front(entries):
    """Return the entries that fit and that no other one beats, the most accurate first."""
    fitting = [entry for entry in entries if entry.fits]
    kept = [entry for entry in fitting if not any(other.beats(entry) for other in fitting)]
    return sorted(kept, key=lambda entry: (-entry.accuracy, entry.lut4, entry.trial))


def ordered(entries, goal):
    """Return the entries of a front by a goal, the best first.

    For area and rate, networks count first that are at most :data:`NEAR` points below the most
    accurate one.
    """
    if not entries:
        return []
    best = max(entry.accuracy for entry in entries)
    keys = {"accuracy": lambda entry: (-entry.accuracy, entry.lut4),
            "area": lambda entry: (entry.accuracy < best - NEAR, entry.lut4, -entry.accuracy),
            "rate": lambda entry: (entry.accuracy < best - NEAR, -entry.rate, -entry.accuracy)}
    return sorted(entries, key=keys[goal])


def picked(entries, goal, count):
    """Return so many entries of a front for full training: the best, and others spread over it."""
    first = ordered(entries, goal)
    if len(first) <= count:
        return first
    best = first[: max(1, (count + 1) // 2)]
    rest = [entry for entry in sorted(entries, key=lambda entry: -entry.accuracy)
            if entry not in best]
    step = len(rest) / max(1, count - len(best))
    return best + [rest[int(place * step)] for place in range(count - len(best))]
