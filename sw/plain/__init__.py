"""Layers computed as they are defined, in plain arithmetic, to check the golden model."""
