"""Whether a recorded result is of today's hardware: elaborate, compare what it depends on."""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sw import network as networks
from sw.artefact import ROOT, artefact
from sw.data.testset import load_test_set
from sw.progress import progress

from ..toolchain.inputs import differences
from ..toolchain.sources import TESTED, digest
from . import row as rows


JOBS = 2  # commands at once


@dataclass(frozen=True)
class Subject:
    """A recorded result and the questions that tell what it would depend on today.

    Attributes
    ----------
    name : str
        Name of the row or of the check.
    kind : str
        ``"row"`` or ``"record"``.
    before : dict of str to dict
        Inputs by part, as recorded.
    questions : dict of str to tuple of str
        Commands that write the inputs of a part with ``--inputs``.
    known : dict of str to dict
        Inputs of the parts that need no command.
    recipe : str or None
        Name of the network.
    """

    name: str
    kind: str
    before: dict
    questions: dict = field(default_factory=dict)
    known: dict = field(default_factory=dict)
    recipe: str | None = None


@dataclass(frozen=True)
class Verdict:
    """Outcome of the comparison of a :class:`Subject`.

    Attributes
    ----------
    name, kind : str
        Those of the subject.
    different : list of str
        Inputs that differ.
    tools : list of str
        Tools that have other versions here.
    unknown : str or None
        Why nothing was compared.
    """

    name: str
    kind: str
    different: list
    tools: list = field(default_factory=list)
    unknown: str | None = None

    @property
    def stands(self):
        """Whether the result is of today's hardware."""
        return not self.different and self.unknown is None

    @property
    def text(self):
        """The verdict in a few words."""
        if self.unknown:
            return f"not compared: {self.unknown}"
        if self.different:
            return f"differs: {'; '.join(self.different)}"
        with_others = f", with other tools: {', '.join(self.tools)}" if self.tools else ""
        return f"of today's hardware{with_others}"


def of_row(row, preset):
    """Return the subject of a row of the benchmark."""
    return Subject(row["preset"], "row", {**row.get("inputs", {}), "preset": _wish(
        row.get("wished_mhz"))}, rows.questions(row, preset), {"preset": _wish(preset.megahertz)},
        preset.recipe)


def of_check(check, record):
    """Return the subject of a record of the scorecard."""
    return Subject(check.name, "record", {**record.get("inputs", {}), "command": {
        "command": record["command"]}}, check.questions, {
            **known(check), "command": {"command": check.shown}}, check.recipe)


def known(check):
    """Return the inputs of a check that need no command."""
    found = {}
    if check.modules:
        found["code"] = {"code": digest(*check.modules, packages=check.packages or TESTED)}
    if check.always:
        found["network"] = {"network": _identity(check.recipe)}
    return found


def today(check):
    """Return all inputs of a check, by part."""
    return known(check) | {part: ask(words) for part, words in check.questions.items()}


@cache
def ask(words):
    """Run a command with ``--inputs``; return what it wrote.

    Raises
    ------
    ValueError
        If the command fails: the message is the last line of its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.json"
        done = subprocess.run([sys.executable, *words, "--inputs", str(path)], cwd=ROOT,
                              capture_output=True, encoding="utf-8", errors="replace", check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise ValueError(last.removeprefix("error: "))
        return json.loads(path.read_text(encoding="utf-8"))


def judge(subject):
    """Compare a subject's inputs with today's; return a :class:`Verdict`."""
    if missing := _missing(subject.recipe):
        return Verdict(subject.name, subject.kind, [], unknown=missing)
    different, tools = [], []
    for part in dict.fromkeys([*subject.before, *subject.questions, *subject.known]):
        if part in subject.questions:
            try:
                now = ask(subject.questions[part])
            except ValueError as error:
                different.append(f"{part}: {error}")
                continue
        else:
            now = subject.known.get(part, {})
        names, others = differences(subject.before.get(part, {}), now)
        different += [f"{part}: {', '.join(names)}"] * bool(names)
        tools += [text for text in others if text not in tools]
    return Verdict(subject.name, subject.kind, different, tools)


def judge_all(subjects):
    """Judge subjects; return their verdicts, with progress on stderr meanwhile.

    Two commands run at once. Each question is asked once, whoever asks it.
    """
    questions = list(dict.fromkeys(words for subject in subjects if not _missing(subject.recipe)
                                   for words in subject.questions.values()))
    with (ThreadPoolExecutor(JOBS) as pool,
          progress(total=len(questions), what="comparing", unit="elaborations", delay=5) as bar):
        for _ in pool.map(_ask_quietly, questions):
            bar.update()
    return [judge(subject) for subject in subjects]


def _ask_quietly(words):
    """Ask for the sake of the answer that is kept; :func:`judge` hears of errors."""
    try:
        ask(words)
    except ValueError as error:
        return error
    return None


@cache
def _missing(recipe):
    """Say why the images of a network cannot be had here, or return None."""
    try:
        if recipe:
            network = networks.load(artefact(recipe))
    except (ValueError, OSError):
        return None  # whoever asks about the network is told
    try:
        if recipe:
            load_test_set(network, download=False)
    except (ValueError, OSError) as error:
        return str(error)
    return None


def _identity(recipe):
    """Return the identity of a network, or what is wrong with its file."""
    try:
        return networks.load(artefact(recipe)).identity
    except (ValueError, OSError) as error:
        return str(error)


def _wish(megahertz):
    return {"clock": None if megahertz is None else f"{megahertz:g} MHz"}
