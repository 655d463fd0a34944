"""Compression of float networks: ranges, methods, and the figures before and after."""
