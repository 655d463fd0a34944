"""Which layer uses how much of the FPGA: counted from the names of the synthesized cells, drawn."""

from collections import defaultdict

from matplotlib.figure import Figure

from sw import picture


KINDS = ("lut4", "ff", "block_ram", "spram")
TITLES = {"lut4": "LUT4", "ff": "Flip-flops", "block_ram": "Block RAM", "spram": "SPRAM"}

# Yosys' names of cells, with how many of a kind each takes.
CELLS = {
    "ecp5": {"lut4": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4}, "ff": {"TRELLIS_FF": 1},
             "block_ram": {"DP16KD": 1}},
    "ice40": {"lut4": {"SB_LUT4": 1}, "ff": {"SB_DFF*": 1}, "block_ram": {"SB_RAM40_4K*": 1},
              "spram": {"SB_SPRAM256KA": 1}},
}


def list_commands(family):
    """Return yosys commands that write the names of a family's cells, one file a type."""
    for kind, types in CELLS[family].items():
        for cell, weight in types.items():
            yield f"tee -q -o cells.{kind}.{weight}.{cell.strip('*')}.txt select -list t:{cell}"


def read_cells(directory):
    """Read the names that :func:`list_commands` wrote.

    Returns
    -------
    dict of str to list of str
        By kind; a cell that takes two of a kind is there twice.
    """
    cells = {kind: [] for kind in KINDS}
    for path in sorted(directory.glob("cells.*.txt")):
        _, kind, weight, *_ = path.name.split(".")
        names = path.read_text(encoding="utf-8").split("\n")
        cells[kind] += [name.partition("/")[2] for name in names if "/" in name] * int(weight)
    return cells


def attribute(cells, layers, used):
    """Count cells by the part of the design that they belong to.

    Parameters
    ----------
    cells : dict of str to list of str
        Hierarchical names by kind, as from :func:`read_cells`.
    layers : list of str
        Names of the network's layers.
    used : dict of str to int
        By kind, after place and route.

    Returns
    -------
    dict of str to dict of str to int
        The count of each kind for each layer, then each other part (of the accelerator, of the
        design), largest first, then ``"other"``: what place and route added (on iCE40 a flip-flop
        or a carry without a look-up table of its own takes a cell).
    """
    counts = defaultdict(lambda: dict.fromkeys(used, 0))
    for kind in used:
        for name in cells[kind]:
            counts[_part(name, layers)][kind] += 1
    ordered = [name for name in layers if name in counts]
    ordered += sorted(set(counts) - set(ordered), key=lambda name: (-counts[name]["lut4"], name))
    rest = {kind: max(0, count - len(cells[kind])) for kind, count in used.items()}
    return {name: counts[name] for name in ordered} | ({"other": rest} if any(rest.values())
                                                       else {})


def _part(name, layers):
    """Return the innermost layer in a hierarchical name, else the nearest named part."""
    *path, _ = name.replace("\\", "").split(".")
    for component in reversed(path):
        if component in layers:
            return component
    if "stages" in path[:-1]:
        stage = path[path.index("stages") + 1]
        return "accelerator" if "__" in stage else stage  # a stream between two stages
    if path[:1] == ["top"]:
        return path[1] if len(path) > 1 else "top"
    return "clock and pins"


def draw(path, parts, available, title):
    """Draw what each part uses of each kind.

    Parameters
    ----------
    path : path-like
        Picture to write.
    parts : dict of str to dict of str to int
        As from :func:`attribute`.
    available : dict of str to int
        What the device has, by kind.
    title : str
        Above the picture.
    """
    figure = Figure(figsize=(1 + 3 * len(available), 1.6 + 0.3 * len(parts)), layout="constrained")
    figure.suptitle(title)
    for axes, kind in zip(figure.subplots(1, len(available), sharey=True), available,
                          strict=True):
        values = [part[kind] for part in parts.values()]
        bars = axes.barh(list(parts), values, color="tab:blue")
        axes.bar_label(bars, [f"{value:,}" if value else "" for value in values], padding=3)
        share = sum(values) / available[kind]
        axes.set_title(f"{TITLES[kind]}: {sum(values):,} of {available[kind]:,} ({share:.0%})")
        axes.set_xlim(0, max(*values, 1) * 1.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.locator_params(axis="x", nbins=4)
    axes.invert_yaxis()
    picture.save(figure, path, dpi=120)
