"""Designs to simulate, what goes into them, and their compiled models."""
