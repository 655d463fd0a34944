"""Suggests networks for a dataset on a board: what was measured, and what is usual."""

from statistics import median

from sw.artefact import ROOT
from sw.store.files import read_json

from .board import find


MEASURED = ROOT / "docs" / "results" / "bench.json"
KEYS = ("recipe", "dataset", "board", "accuracy", "lut4", "block_ram", "interval",
        "images_per_second", "clock_mhz", "training_seconds", "seconds")

# Recipes that suit a kind of data, beside the board's usual one and those that were measured.
SUITABLE = {"grey": ("tiny", "tfc", "sfc", "icebreaker", "lookup-icebreaker", "ulx3s-25f", "lfc"),
            "colour": ("tiny", "tfc", "sfc"), "table": ("tiny", "tfc", "sfc")}
ANY = "tfc"  # small, and learns from data of any kind
USUAL = "mnist"  # whose rows show what networks cost where a dataset has none


def measured():
    """Return the published rows, a list of dicts; empty where the documentation is not here."""
    try:
        rows = read_json(MEASURED)["rows"]
    except (OSError, ValueError, KeyError):
        return []
    return [{key: row.get(key) for key in KEYS} for row in rows]


def usual_seconds(family, lut4):
    """Return what the steps of a build are likely to take, by the published rows of a family.

    Parameters
    ----------
    family : str
        Family of the device.
    lut4 : int
        Estimated LUT4 of the design.

    Returns
    -------
    dict of str to float
        Seconds by step: the median of seconds by LUT4, times ``lut4``. Empty without rows.
    """
    shares = {}
    for row in measured():
        if row["seconds"] and find(row["board"]).family == family:
            for step, seconds in row["seconds"].items():
                shares.setdefault(step, []).append(seconds / row["lut4"])
    return {step: median(some) * lut4 for step, some in shares.items()}


def suggest(board, dataset, shape):
    """Suggest recipes, the best one first.

    Parameters
    ----------
    board : boards.board.Board
        The board.
    dataset : str
        Name of the dataset.
    shape : sequence of int
        Shape of an input.

    Returns
    -------
    dict
        For JSON: ``names`` of recipes, the ``default``, its ``reason`` (``"usual"`` on this board,
        or ``"small"``), and the ``measured`` rows of this dataset on this board; of these networks
        with MNIST if there are none.
    """
    kind = "table" if len(shape) == 1 else "colour" if len(shape) == 3 else "grey"
    usual = board.network
    rows = [row for row in measured() if row["dataset"] == dataset]
    names = [*SUITABLE[kind], *(row["recipe"] for row in rows)]
    default = usual if kind == "grey" or usual in names else ANY
    rows = [row for row in rows if row["board"] == board.name] or [
        row for row in measured() if (row["board"], row["dataset"]) == (board.name, USUAL)
        and row["recipe"] in names]
    return {"names": list(dict.fromkeys([default, *names])), "default": default,
            "reason": "usual" if default == usual else "small", "measured": rows}
