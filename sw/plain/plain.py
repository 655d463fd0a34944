"""The registry of plain arithmetic: golden's numbers of a layer beside those of its definition."""

from ..layer.registry import Registry


# An entry is a function of a layer and its inputs, shape (n, inputs). It returns two arrays of
# equal shape (n, outputs): golden's numbers, and the same numbers by plain arithmetic.
PLAIN = Registry("plain arithmetic", ("sw.plain",))
