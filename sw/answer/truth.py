"""Matches the classes that files tell with those of a network, by name."""

from collections import Counter
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..data.form.classnames import class_names
from ..data.grouping import Groups
from ..data.mapping import mapping


class Truth:
    """Classes that files tell, by the names of the network's classes.

    Parameters
    ----------
    labels : tuple of str
        The network's classes.
    options : sw.data.options.Options
        ``map``: a file that gives their classes the names of the network's. ``classes``: a file
        with the names of numbered classes. ``group``: classes that become one.

    Attributes
    ----------
    unknown : Counter
        Examples by the name of a class that the network does not have.
    left_out : int
        Examples of classes that the mapping leaves out.
    """

    def __init__(self, labels, options):
        self.labels = tuple(labels)
        self.places = {label: place for place, label in enumerate(self.labels)}
        self.mapping = {} if options.map is None else mapping(Path(options.map))
        self.classes = options.classes
        self.groups = Groups(options.group)
        self.unknown = Counter()
        self.left_out = 0

    def is_class(self, name):
        """Return whether a name is that of a class, or has one by the mapping."""
        return name in self.mapping or name in self.groups.names or name in self.places

    def of(self, values):
        """Return the index of each class, int64; -1 where the class is none of the network's.

        ``values`` are names, numbers, or None for examples without a class.
        """
        named = self._names(values)
        found = np.full(len(values), -1, dtype=np.int64)
        for place, value in enumerate(values):
            if value is None:
                continue
            name = named[value]
            ours = self.mapping.get(name, self.groups.of(name))
            if ours == "":
                self.left_out += 1
            elif ours in self.places:
                found[place] = self.places[ours]
            else:
                self.unknown[name] += 1
        return found

    def notes(self):
        """Yield what users should know of classes that are not counted."""
        if self.left_out:
            yield f"{self.left_out:,} examples of classes that --map leaves out are not counted"
        if not self.unknown:
            return
        count = sum(self.unknown.values())
        names = sorted(self.unknown)
        shown = ", ".join(map(repr, names[:6])) + (f" and {len(names) - 6} more"
                                                   if len(names) > 6 else "")
        close = next(((name, near[0]) for name in names
                      if (near := get_close_matches(name, self.labels, 1))), None)
        line = f"such as {close[0]},{close[1]}" if close else "THEIRS,OURS"
        yield (f"the network has no {shown}: {count:,} examples of "
               f"{'this class' if len(names) == 1 else 'these classes'} are not counted (give a "
               f"file with lines {line} by --map)")

    def _names(self, values):
        known = {value for value in values if value is not None}
        if self.classes is not None and known and not all(isinstance(value, str)
                                                          for value in known):
            return class_names(self.classes, sorted(known))
        return {value: _name(value) for value in known}


def _name(value):
    """Return the name of a class that is a number: 3.0 is '3'."""
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
