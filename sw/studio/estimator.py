"""Asks the process that knows boards, and estimates networks on them before they are trained."""

import asyncio
import json
import sys

from ..store.files import read_json


PATIENCE = 60.0  # s for an estimate
LINE = 1 << 22   # octets of an answer, at most


class Estimator:
    """A process that answers requests of :mod:`boards.estimate`, and one with all recipes."""

    def __init__(self):
        self._process = None
        self._lock = asyncio.Lock()
        self._recipes = None

    async def ask(self, **request):
        """Return the answer to a request, a dict; raise ValueError if there is none."""
        async with self._lock:
            if self._process is None or self._process.returncode is not None:
                self._process = await self._started("boards.estimate", "--serve")
            try:
                self._process.stdin.write(json.dumps(request).encode() + b"\n")
                line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
                found = json.loads(line)
            except (OSError, ValueError, TimeoutError):
                self.close()
                found = {"error": "Estimate must come to an end: it did not (choose a smaller "
                                  "network)"}
        if "error" in found:
            raise ValueError(found["error"])
        return found

    async def _started(self, *words):
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", *words, limit=LINE, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE)

    def close(self):
        """End the process; the next request starts another."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        self._process = None

    async def recipes(self):
        """Return all named recipes: a dict of dicts."""
        if self._recipes is None:
            process = await self._started("train.recipes")
            self._recipes = json.loads((await process.communicate())[0])
        return self._recipes

    async def suggest(self, project):
        """Return recipes for a project's board and data, the default first."""
        data = read_json(project.folder / "data.json")
        found = await self.ask(board=project.board, shape=data["shape"],
                               dataset=project.choices["dataset"])
        known = await self.recipes()
        chosen = {name: known[name] for name in found["names"] if name in known}
        return {**found, "names": list(chosen), "recipes": chosen}

    async def estimate(self, project, network):
        """Estimate a network, as in a project's choices, on its board and for its data."""
        data, name = read_json(project.folder / "data.json"), network.get("recipe")
        recipe = (await self.recipes()).get(name) if name else {"name": "own", **network}
        if recipe is None:
            raise ValueError(f"Network must be a recipe that there is: {name!r}")
        return await self.ask(board=project.board, rate=project.choices.get("rate"),
                              recipe=recipe, shape=data["shape"], classes=len(data["labels"]))
