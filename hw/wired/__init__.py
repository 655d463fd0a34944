"""Wired layers: every synapse is logic."""
