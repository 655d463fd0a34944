"""Base of all recipes: fields are options of the command line, changed and checked by name."""

from dataclasses import asdict, fields, replace

from sw.data.thresholds import encoder_for


class Plan:
    """A network and its training. A recipe is a frozen dataclass of this base.

    Attributes
    ----------
    what : str
        Kind of the network's layers, for messages.
    passes : int
        Epochs of the training, and whatever is counted like epochs.
    wired : bool
        Whether the network is meant to be wired, so that its area is counted.
    heard : bool
        Whether the examples are recordings.
    elsewhere : float
        Factor on ``augment`` for pictures of another dataset.
    """

    what = "layers"
    wired = False
    elsewhere = 0.3

    usual_levels = 1  # thresholds a pixel
    heard = False

    @property
    def seen(self):
        """The form in which the network sees its inputs, as text."""
        return f"{self.levels} level{'s' if self.levels > 1 else ''}"

    def seeing(self, shape):
        """Return the recipe for inputs of a shape."""
        return self

    def hearing(self):
        """Return the recipe for recordings, whose features are changed as voices differ."""
        return replace(self, heard=True)

    def layout(self, inputs, classes):
        """Return the sizes of the layers, from the inputs to the scores, as text."""
        return listed(self.sizes(inputs, classes), "-")

    def planned(self, classes, family):
        """Return the LUT4 that a wired network is planned to take; None of any other."""

    def encoder(self, images):
        """Return the encoder for training images, or None for a network without one."""
        return encoder_for(images, self.levels)

    def to_json(self):
        """Return all fields as a dict that JSON can hold."""
        return asdict(self)

    def changed(self, **given):
        """Return a copy with the given fields changed, except those that are None."""
        given = {name: value for name, value in given.items() if value is not None}
        own = {field.name for field in fields(self)}
        for name in given:
            if name not in own:
                raise ValueError(f"Option --{name} must be for other networks: {self.name} has "
                                 f"{self.what} (leave it out)")
        return replace(self, **given)

    def check_ranges(self, *ranges):
        """Raise ValueError unless fields are within ranges: name, least, greatest."""
        for name, low, high in ranges:
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name.capitalize()} must be in {low}..{high}: "
                                 f"{getattr(self, name)}")


def listed(numbers, separator=","):
    """Return numbers in a row, for people."""
    return separator.join(map(str, numbers)) or "none"
