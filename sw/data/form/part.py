"""Finds out which part of a dataset a file or folder is, by its name; joins parts."""

import re

import numpy as np

from ..raw import Part


TRAIN, TEST, VALIDATION = "train", "test", "validation"
_WORDS = {"train": TRAIN, "training": TRAIN, "trn": TRAIN, "tra": TRAIN, "tr": TRAIN,
          "test": TEST, "testing": TEST, "tst": TEST, "tes": TEST, "te": TEST, "t10k": TEST,
          "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION}
_LONG = sorted((word for word in _WORDS if len(word) > 3), key=len, reverse=True)


def words(name):
    """Return a name's words in lower case: ``KMNIST-trainX.v2`` has kmnist, train, x, v2."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    found = re.findall(r"[^\W_]+", spaced)
    return [piece for word in found for piece in _pieces(word)]


def part_of(name):
    """Return the part that a name tells, or None, and its other words."""
    parts, rest = [], []
    for word in words(name):
        (parts if word in _WORDS else rest).append(word)
    return (_WORDS[parts[-1]] if parts else None), rest


def assigned(found, guessed):
    """Return the training and test entries of a dataset.

    A validation part joins the training part if there is a test part, else it is the test part.

    Parameters
    ----------
    found : dict of str to list
        Entries of each part, each list as long as the dataset has pieces of that part.
    guessed : list of str
        Takes a sentence on the validation part.
    """
    train, test = list(found.get(TRAIN, ())), list(found.get(TEST, ()))
    validation = list(found.get(VALIDATION, ()))
    if validation and test and train:
        guessed.append("the validation part joins the training part (--test gives another test "
                       "part)")
        return train + validation, test
    if validation and train:
        guessed.append("the validation part is the test part (--test gives another)")
        return train, validation
    if not train:
        return test + validation, []
    return train, test


def join(parts):
    """Return one part that has the examples of several, which are alike."""
    first, *others = parts
    if not others:
        return first
    if isinstance(first.examples, np.ndarray):
        examples = np.concatenate([part.examples for part in parts])
    else:
        examples = type(first.examples)([path for part in parts for path in part.examples.paths])
    labels = None if first.labels is None else np.concatenate([part.labels for part in parts])
    names = None if first.names is None else [name for part in parts for name in part.names]
    return Part(examples, labels, names)


def _pieces(word):
    """Return the words of ``xtrain``, ``trainimages`` or ``test1``: some are written together."""
    for known in _LONG:
        if word == known:
            return [word]
        if word.startswith(known) and word[len(known):] in ("x", "y", "images", "labels", "data"):
            return [known, word[len(known):]]
        if word.endswith(known) and word[:-len(known)] in ("x", "y"):
            return [word[:-len(known)], known]
    return [word]
