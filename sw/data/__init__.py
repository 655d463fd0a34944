"""Datasets and pictures, from any source."""
