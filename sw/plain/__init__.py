"""Layers in the words of their definition, to compare the golden model with."""
