"""Compares what a board answers with the golden model, image by image."""

import numpy as np

from .. import golden


class Comparison:
    """Counts a board's answers that equal golden's.

    Parameters
    ----------
    network : sw.network.Network
        The board's network.

    Attributes
    ----------
    labels, scores, count : int
        Images with equal labels, those whose scores are all equal, and all images.
    first : tuple or None
        First image that differs: index, name, the board's label and scores, golden's scores.
    """

    def __init__(self, network):
        self.model = golden.Model(network)
        self.labels = self.scores = self.count = 0
        self.first = None

    def see(self, images, labels, scores, names=None):
        """Compare the board's answers to a batch of images."""
        expected = self.model.scores(images)
        same_labels = labels == golden.labels(expected)
        same_scores = (scores == expected).all(axis=1)
        differing = np.flatnonzero(~(same_labels & same_scores))
        if self.first is None and len(differing):
            at = int(differing[0])
            self.first = (self.count + at, names and names[at], int(labels[at]),
                          scores[at].tolist(), expected[at].tolist())
        self.labels += int(same_labels.sum())
        self.scores += int(same_scores.sum())
        self.count += len(images)

    def verdict(self, called, trace=None, file=None):
        """Print how many answers equal golden's and how to look into others; return the exit code.

        ``called`` names an image by its index and name.
        """
        print(f"equal       {self.labels} of {self.count} labels, {self.scores} of {self.count} "
              f"images' scores", file=file)
        if self.first is None:
            return 0
        index, name, label, found, expected = self.first
        print(f"first other {called(index, name)}: label {label}, scores {found}; golden has "
              f"{int(np.argmax(expected))}, {expected}", file=file)
        if trace:
            print(f"every layer {trace} {index}", file=file)
        return 1
