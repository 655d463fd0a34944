"""The registry of plain arithmetic: a layer's numbers, golden's beside those of the definition."""

from ..layer.registry import Registry


# By kind: a function of a layer and its inputs, shape (n, inputs), that returns two arrays of equal
# shape (n, outputs): golden's numbers, and the same by plain arithmetic.
PLAIN = Registry("plain arithmetic", ("sw.plain",))
