"""Suggests networks for a dataset on a board: what was measured, and what is usual."""

from sw.artefact import ROOT
from sw.store.files import read_json


MEASURED = ROOT / "docs" / "results" / "bench.json"
KEYS = ("recipe", "dataset", "board", "accuracy", "lut4", "block_ram", "interval",
        "images_per_second", "clock_mhz", "training_seconds", "seconds")

# Recipes that suit a kind of data, beside the board's usual one and those that were measured.
SUITABLE = {"grey": ("tiny", "tfc", "sfc", "icebreaker", "lookup-icebreaker", "ulx3s-25f", "lfc"),
            "colour": ("tiny", "tfc", "sfc"), "table": ("tiny", "tfc", "sfc")}
ANY = "tfc"  # small, and learns from data of any kind


def measured():
    """Return the published rows, a list of dicts; empty where the documentation is not here."""
    try:
        rows = read_json(MEASURED)["rows"]
    except (OSError, ValueError, KeyError):
        return []
    return [{key: row.get(key) for key in KEYS} for row in rows]


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
        or ``"small"``), and the ``measured`` rows of this dataset on this board.
    """
    kind = "table" if len(shape) == 1 else "colour" if len(shape) == 3 else "grey"
    usual = board.network
    rows = [row for row in measured() if row["dataset"] == dataset]
    names = [*SUITABLE[kind], *(row["recipe"] for row in rows)]
    default = usual if kind == "grey" or usual in names else ANY
    return {"names": list(dict.fromkeys([default, *names])), "default": default,
            "reason": "usual" if default == usual else "small",
            "measured": [row for row in rows if row["board"] == board.name]}
