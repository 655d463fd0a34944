"""The benchmark as tables: of its rows for the README, of its presets for the terminal."""

from sw.layer.parts import worded

from .row import parts


BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"
MARK = "†"


def render(rows):
    """Return rows as a Markdown table, with a note if some are not of today's hardware."""
    head = ["preset", "network", "accuracy", "board", "images/s", "clock (reached)", "interval",
            "latency", "LUT4", "LUT4 a synapse", "flip-flops", "block RAM"]
    lines = [_line(head), _line(["---"] * len(head)), *(_line(_cells(row)) for row in rows)]
    if any(not row.get("current", True) for row in rows):
        lines += ["", f"{MARK} of other hardware than today's: measured before its last change."]
    return "\n".join(lines) + "\n"


def replace(text, table):
    """Return a text with another table between its markers."""
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start:
        raise ValueError(f"README.md must have the lines '{BEGIN.strip()}' and '{END.strip()}' "
                         f"around the benchmark's table: it does not")
    return text[:start] + BEGIN + "\n" + table + "\n" + text[end:]


def presets(every):
    """Return a table of presets, as text."""
    rows = [("preset", "network", "dataset", "board", "wished clock", "images/s")]
    rows += [(preset.name, preset.recipe, preset.dataset, preset.board,
              f"{preset.megahertz:g} MHz",
              f"{preset.images_per_second:,}" if preset.images_per_second else "as many as fit")
             for preset in every]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                     .rstrip() for row in rows)


def rate(number):
    """Return a number of images a second as people read it."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if number >= unit:
            return f"{number / unit:.{1 if number < 10 * unit else 0}f}{name}"
    return f"{number:.0f}"


def _line(cells):
    return f"| {' | '.join(cells)} |"


def _cells(row):
    mark = "" if row.get("current", True) else f" {MARK}"
    where = "" if row["dataset"] == "mnist" else f" ({row['dataset']})"
    return [f"`{row['preset']}`{mark}", f"`{row['recipe']}`, {worded(parts(row))}",
            f"{row['accuracy']:.2f} %{where}", row["board"], rate(row["images_per_second"]),
            f"{row['clock_mhz']:g} MHz ({row['fmax_mhz']:.1f})", f"{row['interval']:,}",
            f"{row['latency_cycles']:,} cycles", f"{row['lut4']:,}",
            "-" if row["lut4_per_synapse"] is None else f"{row['lut4_per_synapse']:.2f}",
            f"{row['ff']:,}", str(row["block_ram"])]
