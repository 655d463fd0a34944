"""Kinds of layers, one file a kind, and the statements that every kind has to make."""
