"""Which steps of a long job are done, by a hash of what each depends on: a file beside its work."""

import hashlib
import json
from pathlib import Path

from sw.store.files import read_json, write_text


LONGEST = 1e9  # no number of seconds, or of MHz, is greater


def key_of(*parts):
    """Return a hash of anything that JSON can hold, and of bytes."""
    sha = hashlib.sha256()
    for part in parts:
        octets = part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        sha.update(len(octets).to_bytes(8, "little") + octets)
    return sha.hexdigest()


class Ledger:
    """Steps that are done.

    Parameters
    ----------
    path : path-like
        JSON file; one that is missing, or no ledger, is an empty one.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            steps = read_json(self.path)
        except (OSError, ValueError):
            steps = {}
        if not isinstance(steps, dict):
            steps = {}
        self._steps = {name: entry for name, entry in steps.items() if _is_entry(entry)}

    def result(self, step, key):
        """Return what a step left when it was done with this key, or None."""
        entry = self._steps.get(step, {})
        return entry.get("result") if entry.get("key") == key else None

    def durations(self):
        """Return the seconds of all steps that are done, whatever their key, by name."""
        return {name: seconds for entry in self._steps.values()
                for name, seconds in entry.get("result", {}).items()}

    def begin(self, step, key):
        """Note that a step runs; return whether one with this key had begun and never ended."""
        before = self._steps.get(step, {})
        self._steps[step] = {"key": key}
        self._write()
        return before.get("key") == key and "result" not in before

    def finish(self, step, key, result):
        """Note that a step is done, with a result: a dict of numbers."""
        self._steps[step] = {"key": key, "result": result}
        self._write()

    def _write(self):
        write_text(self.path, json.dumps(self._steps, indent=1) + "\n")


def _is_entry(entry):
    """Whether an entry is what :class:`Ledger` writes, as far as one can see."""
    if not isinstance(entry, dict):
        return False
    result = entry.get("result", {})
    return isinstance(result, dict) and all(
        type(value) in (int, float) and 0 <= value < LONGEST for value in result.values())
