"""Prints the tables of docs/format.md, from the arrays of all kinds of layers."""

from .kind import kinds


def table(kind):
    """Return the table of a kind's arrays, as Markdown."""
    lines = ["| array | type, shape | meaning |", "|---|---|---|"]
    for array in kind.arrays:
        extents = ", ".join(f"{extent}s" for extent in array.extents)
        comma = "," if len(array.extents) == 1 else ""
        shape = f" ({extents}{comma})" if array.extents else ""
        lines.append(f"| `i_{array.name}` | {array.dtype}{shape} | {array.meaning} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for kind in kinds().values():
        print(f"{kind.kind}\n\n{table(kind)}")
