"""Report of a search: a page, a picture and the same as JSON."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from optuna.trial import TrialState

from sw import picture
from sw.share import store
from sw.store.files import write_text

from . import front, full, page, published
from .importance import importance


OPEN = (TrialState.RUNNING, TrialState.WAITING)


@dataclass(frozen=True, eq=False)
class Content:
    """Subject of a report.

    Attributes
    ----------
    name : str
        Name of the search.
    job : Job
        What was searched for.
    study : optuna.Study
        The brief trainings.
    entries, done : list of front.Entry
        Networks of brief and of full trainings.
    builds : dict
        Results of :class:`.build.Build` by the network's name.
    folder : Path
        Folder of the search.
    """

    name: str
    job: object
    study: object
    entries: list
    done: list
    builds: dict
    folder: Path


def write(content):
    """Write the report; return its files."""
    found = gathered(content)
    paths = [content.folder / file for file in ("index.html", "front.png", "search.json")]
    draw(paths[1], found)
    write_text(paths[0], page.html(found))
    write_text(paths[2], json.dumps(found, indent=1) + "\n")
    return paths


def gathered(content):
    """Return all that a report says, as a dict for JSON."""
    job = content.job
    trials = content.study.get_trials(deepcopy=False)
    ended = store.ended(content.study)
    complete = [trial for trial in ended if trial.state == TrialState.COMPLETE]
    best = front.ordered(front.front(content.done), job.goal)
    on_front = {id(entry) for entry in (*front.front(content.entries), *front.front(content.done))}
    published_here = published.of_board(job.hardware, job.dataset.name)
    return {
        "name": content.name, "dataset": job.dataset.name, "board": job.hardware.board.name,
        "device": job.hardware.board.device, "megahertz": job.hardware.clock / 1e6,
        "lut4": job.hardware.lut4, "goal": job.goal, "brief": vars(job.brief),
        "trials": {"complete": len(complete), "given up": len(ended) - len(complete),
                   "unfinished": sum(trial.state in OPEN for trial in trials)},
        "best": _name(best[0]) if best else None,
        "brief_networks": [_brief(entry, id(entry) in on_front, job) for entry in content.entries
                           if entry.lut4],
        "networks": [_full(entry, id(entry) in on_front, best[:1] == [entry])
                     for entry in front.ordered(content.done, job.goal)],
        "default": _default(content.done, best, job),
        "builds": list(content.builds.values()),
        "published": [vars(entry) for entry in published_here],
        "importance": importance(complete)}


def _brief(entry, on_front, job):
    spec = full.spec_of(entry, 1) if entry.family else {"words": entry.words, "seed": 1,
                                                       "trial": entry.trial}
    return {"trial": entry.trial, "family": entry.family, "layout": " ".join(entry.words),
            "validation": round(entry.accuracy, 2), "lut4": round(entry.lut4),
            "rate": round(entry.rate), "fits": entry.fits, "front": on_front,
            "command": shlex.join(full.command_of(spec, job.named))}


def _default(done, best, job):
    """Return the board's default recipe on these data beside the best network; None before."""
    entry = next((entry for entry in done if entry.trial == full.DEFAULT), None)
    if entry is None:
        return None
    made = {"recipe": job.hardware.board.network, **_full(entry, False, False)}
    if best:
        made["best_gains"] = round(best[0].accuracy - entry.accuracy, 2)
        made["best_gains_test"] = round(_test(best[0]) - _test(entry), 2)
        made["best_area"] = round(best[0].lut4 / entry.lut4, 3) if entry.lut4 else None
    return made


def _name(entry):
    return "default" if entry.trial == full.DEFAULT else str(entry.trial)


def _test(entry):
    tests = [seed["test_accuracy"] for seed in entry.seeds.values()]
    return sum(tests) / len(tests)


def _full(entry, on_front, best):
    seeds = list(entry.seeds.values())
    tests = [seed["test_accuracy"] for seed in seeds]
    return {"trial": _name(entry), "family": entry.family, "layout": " ".join(entry.words),
            "validation": round(entry.accuracy, 2), "test": round(_test(entry), 2),
            "tests": tests, "seeds": list(entry.seeds), "lut4": round(entry.lut4),
            "rate": round(entry.rate), "interval": seeds[0]["interval"], "fits": entry.fits,
            "front": on_front, "best": best, "identity": [seed["identity"][:12] for seed in seeds],
            "files": [seed["name"] for seed in seeds], "command": seeds[0]["command"]}


def draw(path, found):
    """Draw accuracy against area as PNG."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for family, colour in page.COLOURS.items():
        brief = [entry for entry in found["brief_networks"] if entry["family"] == family
                 and entry["fits"]]
        done = [entry for entry in found["networks"] if entry["family"] == family]
        axes.scatter([entry["lut4"] for entry in brief], [entry["validation"] for entry in brief],
                     s=14, color=colour, alpha=0.4)
        axes.scatter([entry["lut4"] for entry in done], [entry["validation"] for entry in done],
                     s=60, color=colour, edgecolor="black", label=family if done or brief else None)
    known = [entry for entry in found["published"] if entry["accuracy"]]
    axes.scatter([entry["lut4"] for entry in known], [entry["accuracy"] for entry in known],
                 marker="*", s=120, color=page.COLOURS["published"],
                 label="published" if known else None)
    for entry in known:
        axes.annotate(entry["name"], (entry["lut4"], entry["accuracy"]), fontsize=8,
                      xytext=(5, 5), textcoords="offset points")
    axes.axvline(found["lut4"], color="gray", linestyle=":", linewidth=1)
    accuracies = sorted(entry["validation"] for entry in (*found["brief_networks"],
                                                          *found["networks"]))
    if accuracies:  # the worse half says little
        axes.set_ylim(accuracies[len(accuracies) // 4] - 1, min(100, accuracies[-1] + 1.5))
    axes.set_xlabel("LUT4, estimated, board included")
    axes.set_ylabel("validation accuracy in %")
    axes.set_title(f"{found['name']}: small points are brief trainings, large ones full")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    picture.save(figure, path, dpi=110, metadata={"Software": None})
