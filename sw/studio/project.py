"""Projects of the studio: a folder each, with one JSON file that says what was chosen."""

import json
import re
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from ..conversion import FITS
from ..data.known import KNOWN
from ..store.files import read_json, write_text


NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
RUN = re.compile(r"run[1-9][0-9]{0,3}")
FILE = "project.json"
OWN = "own"  # dataset that was uploaded into the project
PART = ("device", "package", "clock_pin", "clock_mhz", "rx_pin", "tx_pin", "leds")
SECONDS = (5, 7200)  # of a training
LAYERS, NEURONS = 6, 4096  # most of a network by hand


class Project:
    """A folder of the studio; ``choices`` are those of :data:`CHECKS`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.name = self.folder.name
        self.choices = read_json(self.folder / FILE)

    @property
    def data(self):
        """Folder of the uploaded dataset."""
        return self.folder / "data"

    @property
    def dataset(self):
        """Name or path of the dataset, for a command line."""
        if self.choices["dataset"] != OWN:
            return self.choices["dataset"]
        tables = [self.data / name for name in ("upload.npz", "upload.csv")]
        return str(next((path for path in tables if path.exists()), self.data))

    @property
    def source(self):
        """The dataset and what is taken of its pictures, as words of a command line."""
        return [self.dataset, *[f"--{fit}" for fit in [self.choices.get("fit")] if fit]]

    @property
    def board(self):
        """Name of the board, or the texts of a bare part: for :mod:`boards.estimate`."""
        return self.choices.get("part") or self.choices["board"]

    def words(self, *named):
        """Return arguments that name the board: ``named`` and its name, or those of its part."""
        if part := self.choices.get("part"):
            return [word for name, text in part.items() if text
                    for word in (f"--{name.replace('_', '-')}", text)]
        return [*named, self.choices["board"]]

    @property
    def run(self):
        """Name of the chosen run: ``"run1"``."""
        return self.choices.get("run") or "run1"

    def network(self, run=None):
        """Return the path of a run's folded network, which may not exist yet."""
        run = run or self.run
        return self.folder / run / f"{run}.net.npz"

    def runs(self):
        """Return the names of all runs, in order."""
        names = [path.name for path in self.folder.glob("run*") if RUN.fullmatch(path.name)]
        return sorted(names, key=lambda name: int(name[3:]))

    def change(self, **given):
        """Check choices and write them; a ValueError leaves all as it was."""
        choices = {**self.choices, **{name: checked(name, value) for name, value in given.items()}}
        write_text(self.folder / FILE, json.dumps(choices, indent=1) + "\n")
        self.choices = choices


def checked(name, value):
    """Return a choice of the page if it may be made; else raise ValueError."""
    if name not in CHECKS:
        raise ValueError(f"Choice must be one of {', '.join(CHECKS)}: {name!r}")
    if not CHECKS[name](value):
        raise ValueError(f"Choice {name!r} must make sense: {value!r:.80} (reload the page)")
    return value


def _is_network(value):
    if not isinstance(value, dict) or len(value) != 1:
        return False
    if isinstance(recipe := value.get("recipe"), str):
        return bool(NAME.fullmatch(recipe))
    hidden = value.get("hidden")
    return (isinstance(hidden, list) and 1 <= len(hidden) <= LAYERS
            and all(type(size) is int and 1 <= size <= NEURONS for size in hidden))


def _is_part(value):
    return value is None or (isinstance(value, dict) and set(value) <= set(PART) and all(
        isinstance(text, str) and re.fullmatch(r"[\w!][\w!,.-]{0,59}|", text, re.ASCII)
        for text in value.values()))


CHECKS = {
    "dataset": lambda value: value == OWN or value in KNOWN,
    "board": lambda value: isinstance(value, str) and bool(re.fullmatch(r"\w[\w-]{0,39}", value)),
    "part": _is_part,
    "network": _is_network,
    "fit": lambda value: value is None or value in FITS,
    "rate": lambda value: value is None or (type(value) is int and 1 <= value <= 10**9),
    "seconds": lambda value: type(value) is int and SECONDS[0] <= value <= SECONDS[1],
    "run": lambda value: isinstance(value, str) and bool(RUN.fullmatch(value)),
    "auto": lambda value: isinstance(value, bool),
}


class Projects:
    """All projects, a folder each in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def all(self):
        """Return the projects, the latest first."""
        found = sorted(self.folder.glob(f"*/{FILE}"), key=lambda path: -path.stat().st_mtime)
        projects = []
        for path in found:
            with suppress(KeyError, ValueError, OSError):  # removed a moment ago, or damaged
                projects.append(self.find(path.parent.name))
        return projects

    def find(self, name):
        """Return a project by its name; raise KeyError if there is none."""
        if not NAME.fullmatch(name) or not (self.folder / name / FILE).is_file():
            raise KeyError(name)
        return Project(self.folder / name)

    def create(self, dataset, board):
        """Return a new project, named after its dataset."""
        choices = {"dataset": checked("dataset", dataset), "board": checked("board", board),
                   "seconds": 60, "auto": False, "created": round(time.time())}
        for number in count(1):
            folder = self.folder / f"{dataset}-{number}"
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                break
        write_text(folder / FILE, json.dumps(choices, indent=1) + "\n")
        return Project(folder)
