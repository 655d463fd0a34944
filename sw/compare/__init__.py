"""Comparison of golden's outputs with those of other computations of a network."""
