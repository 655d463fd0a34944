"""Layers shown to people: in tables, in reports of differences, and as pictures."""
