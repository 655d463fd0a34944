"""Trained layers, and the fold of each."""
