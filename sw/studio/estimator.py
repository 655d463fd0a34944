"""Asks the process that knows boards, and estimates networks on them before they are trained."""

import asyncio
import json
import sys

from ..artefact import names


PATIENCE = 60.0  # s for an estimate
LINE = 1 << 22   # octets of an answer, at most


class Estimator:
    """A process that answers requests of :mod:`boards.estimate`, and one with all recipes."""

    def __init__(self):
        self._process = None
        self._lock = asyncio.Lock()
        self._recipes = None
        self._known = {}

    async def ask(self, **request):
        """Return the answer to a request, a dict; ``error`` in it says why there is none."""
        line = json.dumps(request, sort_keys=True)
        if line not in self._known:
            async with self._lock:
                if line not in self._known:
                    found = await self._asked(line)
                    if self._process is None:  # it was ended: the next request tries again
                        return found
                    self._known[line] = found
        return self._known[line]

    async def _asked(self, line):
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "boards.estimate", "--serve", limit=LINE,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        try:
            self._process.stdin.write(line.encode() + b"\n")
            return json.loads(await asyncio.wait_for(self._process.stdout.readline(), PATIENCE))
        except (OSError, ValueError, TimeoutError):
            self.close()
            return {"error": "Estimate must come to an end: it did not (choose a smaller network)"}

    async def suggest(self, project, data):
        """Return recipes for a project and the summary of its data, the default first."""
        found = await self.ask(board=project.choices["board"], shape=data["shape"],
                               dataset=project.choices["dataset"])
        if "error" in found:
            raise ValueError(found["error"])
        known = await self.recipes()
        chosen = {name: known[name] for name in found["names"] if name in known}
        return {**found, "names": list(chosen), "recipes": chosen}

    def close(self):
        """End the process; the next request starts another."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        self._process = None

    async def recipes(self):
        """Return all named recipes: a dict of dicts."""
        if self._recipes is None:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "train.recipes", stdout=asyncio.subprocess.PIPE, limit=LINE)
            self._recipes = json.loads((await process.communicate())[0])
        return self._recipes

    async def estimate(self, board, network, data, rate=None):
        """Estimate a network, as in a project's choices, for the summary of a dataset."""
        request = {"board": board, "rate": rate}
        name, shape, classes = network.get("recipe"), data["shape"], len(data["labels"])
        if name is None:
            recipe = {"name": "own", "hidden": network["hidden"]}
        else:
            recipe = (await self.recipes()).get(name)
            if recipe is None:
                return {"error": f"Network must be a recipe that there is: {name!r}"}
            if isinstance(recipe.get("layers"), str):  # convolutions: of the trained one
                if name not in names() or shape[:2] != recipe["shape"][:2]:
                    return {"error": f"Network {name!r} cannot be estimated for such pictures "
                                     f"before it is trained (train it first)"}
                return await self.ask(network=name, **request)
        return await self.ask(recipe=recipe, shape=shape, classes=classes, **request)
