"""Groups of classes: several classes of a dataset become one, as its user says."""

from dataclasses import replace

import numpy as np

from .raw import Part


OTHERS = "*"  # stands for all classes that are not named


class Groups:
    """Names that a user gives to classes.

    Parameters
    ----------
    given : sequence of str
        ``THEIRS=OURS`` each; ``*=OURS`` names all others.
    known : collection of str
        Classes of the dataset, one of which THEIRS is if a name has several ``=``.
    """

    def __init__(self, given, known=()):
        self.names = {}
        for text in given:
            theirs, ours = _parted(text, known)
            if self.names.setdefault(theirs, ours) != ours:
                raise ValueError(f"--group must name each class once: {theirs!r} is {ours!r} and "
                                 f"{self.names[theirs]!r}")

    def of(self, name):
        """Return the name of a class's group; a class that is in none keeps its name."""
        return self.names.get(name, self.names.get(OTHERS, name))


def grouped(raw, options, *, strict=True):
    """Return a dataset with groups of classes in place of its classes.

    Parameters
    ----------
    raw : sw.data.raw.Raw
        The dataset.
    options : sw.data.options.Options
        What its user says; without ``group`` the dataset stays as it is.
    strict : bool
        Whether the dataset must have all classes that are grouped.
    """
    if not options.group:
        return raw
    if options.classes is not None:
        raise ValueError("--group must be given without --classes (write the names in --group)")
    parts = [part for part in (raw.train, raw.test) if part is not None]
    named = [_named(part.labels, raw.class_names) for part in parts]
    known = set().union(*(set(names.tolist()) for names in named))
    groups = Groups(options.group, known)
    unknown = sorted(set(groups.names) - known - {OTHERS})
    if strict and unknown:
        raise ValueError(f"--group must name classes of {raw.path}: it has no {unknown[0]!r} "
                         f"({_listed(sorted(known))})")
    made = []
    for part, names in zip(parts, named, strict=True):
        values, places = np.unique(names, return_inverse=True)
        labels = np.array([groups.of(name) for name in values.tolist()])[places]
        made.append(Part(part.examples, labels, part.names))
    return replace(raw, train=made[0], test=made[1] if len(made) > 1 else None, class_names=None)


def _named(labels, class_names):
    if class_names is not None and labels.dtype.kind in "iu" and labels.size \
            and 0 <= labels.min() <= labels.max() < len(class_names):
        return np.array(class_names)[labels]
    return labels.astype(str)


def _parted(text, known):
    """Return the two names of ``THEIRS=OURS``."""
    marks = [place for place, letter in enumerate(text) if letter == "="]
    first = next((place for place in marks if text[:place] in known), marks[0] if marks else 0)
    theirs, ours = text[:first].strip(), text[first + 1:].strip()
    if not (marks and theirs and ours):
        raise ValueError(f"--group must be THEIRS=OURS, or *=OURS for all others: {text!r}")
    return theirs, ours


def _listed(names, most=10):
    return ", ".join(names[:most]) + (f", … {len(names) - most} more" if len(names) > most else "")
