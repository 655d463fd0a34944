"""Layers as training leaves them, and how each is folded."""
