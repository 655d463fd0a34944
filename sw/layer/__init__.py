"""Kinds of layers, a file each, and what a layer of any kind has to state."""
