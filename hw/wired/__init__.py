"""Wired layers: every synapse is its own logic, and layers form pipelines that nothing stops."""
