"""The report's files: Markdown, JSON, and a picture of accuracy against bytes."""

import json

from matplotlib.figure import Figure

from sw import picture
from sw.store.files import write_text

from . import saliency
from .result import table
from .task import plain_number


def write(folder, setting, found):
    """Write ``report.md``, ``report.json`` and ``report.png``; return their paths."""
    rows, skipped = found
    paths = [folder / f"report.{kind}" for kind in ("md", "json", "png")]
    write_text(paths[0], "\n".join(markdown(setting, rows, skipped)) + "\n")
    write_text(paths[1], json.dumps(
        {"network": setting.name, "layers": setting.layers, "dataset": setting.dataset,
         "rows": [row.to_json() for row in rows], "skipped": skipped}, indent=1,
        default=plain_number) + "\n")
    draw(paths[2], rows, f"{setting.name} on {setting.dataset}")
    return paths


def insert(path, name, text):
    """Put the text of a report between its marks in a page of the documentation."""
    whole = path.read_text(encoding="utf-8")
    begin, end = (f"<!-- {word} {name} -->\n" for word in ("begin", "end"))
    if whole.count(begin) != 1 or whole.count(end) != 1 or whole.index(end) < whole.index(begin):
        raise ValueError(f"{path} must have the lines {begin.strip()!r} and {end.strip()!r} once, "
                         f"in this order (add them where the tables belong)")
    before, rest = whole.split(begin)
    write_text(path, f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")


def markdown(setting, rows, skipped):
    """Yield the lines of the report."""
    base = next((row for row in rows if row.method == "float32"), rows[0])
    yield f"### {setting.name} on {setting.dataset}"
    yield ""
    yield f"`{setting.layers}`"
    yield ""
    yield from table(rows, base)
    for method, reason in skipped.items():
        yield ""
        yield f"No row for {method}: {reason}."
    facts = {row.method: row.facts for row in rows}
    if stages := facts.get("share and code", {}).get("stages"):
        yield from _stages(stages)
    if compared := facts.get("prune by magnitude", {}).get("compared"):
        yield from _compared(compared)
    yield from _fractions(facts)


def _stages(stages):
    yield from ("", "Share and code, stage by stage (first seed):", "",
                "| stage | bytes | ratio |", "|---|---|---|")
    for name, octets in stages.items():
        yield f"| {name} | {octets:,} | {stages['float32'] / octets:.1f} |"


def _compared(compared):
    yield from ("", "Pruned without retraining, every layer to the same share: validation "
                "accuracy (%, first seed):", "")
    yield from saliency.lines(compared)


def _fractions(facts):
    found = {bits: facts[name]["fractions"] for bits in (8, 4) if (
        name := f"fixed point, {bits} bits, a fraction length a layer") in facts}
    if not found:
        return
    yield from ("", "Bits behind the point, by layer (first seed):", "",
                f"| tensor | {' | '.join(f'{bits} bits' for bits in found)} |",
                f"|---|{'---|' * len(found)}")
    for what in ("weights", "outputs"):
        for name in next(iter(found.values()))[what]:
            chosen = " | ".join(str(part[what][name]) for part in found.values())
            yield f"| {name}{', output' if what == 'outputs' else ''} | {chosen} |"


def draw(path, rows, title):
    """Draw accuracy against bytes, a point for each row."""
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    for index, row in enumerate(rows):
        axes.errorbar([row.octets], [row.accuracy],
                      yerr=[[row.accuracy - min(row.accuracies)],
                            [max(row.accuracies) - row.accuracy]],
                      marker="osD^v*"[index % 6], color=f"C{index % 10}", linestyle="none",
                      label=row.method)
    axes.set(xscale="log", xlabel="bytes", ylabel="test accuracy (%)", title=title)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    picture.save(figure, path, dpi=110, metadata={"Software": None})
