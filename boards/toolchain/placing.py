"""Places and routes a design by nextpnr: one attempt after the other, until one ends."""

import re

from .inputs import CONSTRAINTS, TOP
from .ledger import key_of
from .stuck import Stuck


__all__ = ["WAYS", "attempts", "place", "refuse_overfull"]


# Ways to place and route: nextpnr's router and further options of each attempt. Attempts follow one
# another until one ends. `boards.build.way_of` chooses the way of a design.
WAYS = {
    "router1": {"": ["router1"]},
    "router2": {"": ["router2", "--tmg-ripup"], " again": ["router2"], " by router1": ["router1"]},
    "spread": {"": ["router2", "--placer", "static", "--tmg-ripup"],
               " again": ["router2", "--placer", "static"], " denser": ["router2"],
               " by router1": ["router1"]},
}

ROUTING = r"Info: (Routing|Running router)"  # begins the router's part of nextpnr's log


def attempts(job, commands):
    """Return nextpnr's arguments by the attempt to route, in the order of trying."""
    return {attempt: [*commands["nextpnr"], "--router", router, "--seed", str(job.seed),
                      "--timing-allow-fail", "--report", f"{TOP}.report.json", *more]
            for attempt, (router, *more) in WAYS[job.way].items()}


def place(job, commands, done, nextpnr):
    """Place and route by the first attempt that ends; return its key and its arguments.

    A placer that did not end is not tried with another router.
    """
    constraints = CONSTRAINTS[job.board.family]
    made = [(job.work / f"{TOP}{suffix}").read_bytes() for suffix in (".json", constraints)]
    endless = set()
    for attempt, arguments in attempts(job, commands).items():
        if _placer(arguments) in endless:
            continue
        key = key_of(*made, str(nextpnr), arguments)
        log = f"nextpnr{attempt.replace(' ', '-')}.log"
        try:
            if done.run(f"place{attempt}", key, nextpnr, arguments, directory=job.work, log=log,
                        phases=((ROUTING, f"route{attempt}"),), watch=Stuck()):
                break
        except ValueError as error:
            refuse_overfull(job.board, job.work / log)
            raise error
        if not re.search(ROUTING, (job.work / log).read_text(encoding="utf-8")):
            endless.add(_placer(arguments))
    return key, arguments


def refuse_overfull(board, log):
    """Raise ValueError if nextpnr's log says that a design needs more than the device has."""
    over = [f"{used} of {there} {name}" for name, used, there in
            re.findall(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s", log.read_text(encoding="utf-8"))
            if int(used) > int(there)]
    if over:
        raise ValueError(f"Design must fit {board.device}: {', '.join(over)} (choose a slower "
                         f"schedule with --images-per-second, a smaller network, or a larger "
                         f"board; log: {log})")


def _placer(arguments):
    """Return the placer that nextpnr's arguments name, None for the usual one."""
    return arguments[arguments.index("--placer") + 1] if "--placer" in arguments else None
