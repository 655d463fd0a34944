"""Formal proofs, each with a fault that must break it."""
