"""Labels and scores of examples, with their names and the classes that their files tell."""

from dataclasses import dataclass

import numpy as np

from ..progress import progress


@dataclass(eq=False)
class Answers:
    """Labels and scores that a network gives to examples.

    Attributes
    ----------
    classes : tuple of str
        Names of the network's classes.
    names : list of str
        Name of each example.
    labels : ndarray of int64, shape (n,)
        Index of the class that each example is given.
    scores : ndarray of int32, shape (n, classes)
        Scores of all classes.
    truth : ndarray of int64, shape (n,)
        Index of the class that the example's file tells; -1 if none is known.
    truth_from : tuple of str
        Where the classes come from.
    """

    classes: tuple
    names: list
    labels: np.ndarray
    scores: np.ndarray
    truth: np.ndarray
    truth_from: tuple = ()

    def __len__(self):
        return len(self.names)

    def margins(self):
        """Return by how much each label's score is above the best other one: int64, shape (n,)."""
        rows = np.arange(len(self))
        others = self.scores.astype(np.int64)
        own = others[rows, self.labels].copy()
        others[rows, self.labels] = np.iinfo(np.int64).min
        return own - others.max(axis=1)

    def ranks(self, count):
        """Return the classes of the best scores, int64, shape (n, count).

        The label comes first; of equal scores the class that comes first in the network.
        """
        order = np.argsort(-self.scores.astype(np.int64), axis=1, kind="stable")
        others = order[order != self.labels[:, None]].reshape(len(self), -1)
        return np.hstack([self.labels[:, None], others])[:, :count]

    def right(self):
        """Return the number of examples with the right label, and of those with a known class."""
        known = self.truth >= 0
        return int((self.labels == self.truth)[known].sum()), int(known.sum())

    def accuracy(self):
        """Return a sentence on the accuracy, or None if no class is known."""
        right, known = self.right()
        if not known:
            return None
        origin = " or ".join(f"its {name}" if name != "labels" else "its file's labels"
                             for name in self.truth_from)
        return (f"accuracy {100 * right / known:.2f} %: {right:,} of {known:,} whose class is "
                f"known by {origin}")


def answer(samples, inputs, truth, classify, seen=None):
    """Let a network classify examples, batch by batch.

    Parameters
    ----------
    samples : sw.data.samples.Samples
        The examples.
    inputs : sw.data.inputs.Inputs
        Converts them.
    truth : sw.answer.truth.Truth
        Matches the classes that their files tell.
    classify : function
        Returns labels, int64 (n,), and scores, int32 (n, classes), of images and their names.
    seen : function or None
        Takes the images, names and labels of each batch.

    Returns
    -------
    Answers
    """
    names, labels, scores, told, origins = [], [], [], [], []
    with progress(what="classifying", unit="examples", delay=5) as bar:
        for batch in samples:
            images = inputs.of(batch)
            if not len(images):
                continue
            found = classify(images, batch.names)
            names.extend(batch.names)
            labels.append(found[0])
            scores.append(found[1])
            told.append(truth.of(batch.truth))
            if (told[-1] >= 0).any() and batch.truth_from not in origins:
                origins.append(batch.truth_from)
            if seen is not None:
                seen(images, batch.names, found[0])
            bar.update(len(images))
    if not names:
        failed = [*samples.failed, *inputs.failed]
        raise ValueError(f"Files must hold examples that can be read: none of {len(failed)} can; "
                         f"the first: {failed[0]}" if failed else "Files must hold examples")
    return Answers(truth.labels, names, np.concatenate(labels), np.concatenate(scores),
                   np.concatenate(told), tuple(origins))
