"""Small data for searches: a table of numbers in three classes."""

import csv

import numpy as np


def table(path, rows=360, classes="abc", seed=1):
    """Write a table whose columns tell the class, in noise; return its path."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"f{column}" for column in range(12)), "label"])
        for row in range(rows):
            place = row % len(classes)
            values = rng.integers(0, 200, 12)
            values[place * 3:place * 3 + 3] += 55
            writer.writerow([*values, classes[place]])
    return path
