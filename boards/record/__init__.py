"""Recorded results: what is measured, its tables and pictures."""
