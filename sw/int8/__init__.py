"""Int8 networks: layers, files, and the one rounding of their sums."""
