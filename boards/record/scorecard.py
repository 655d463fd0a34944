"""docs/verification.md, from the records of the scorecard's checks."""

from .checks import RUNGS


HEAD = """# Verification

What was checked, on what, and how often. This page is written by `make verify`, which runs the
commands below. A check is not run again while all that its record in `docs/results/verify/` depends
on is the same ([Benchmarks](benchmarks.md#what-a-result-depends-on)); `make records` compares all
of them. *not run* is what it says.

"""


def render(records, names):
    """Return the document.

    Parameters
    ----------
    records : dict of str to dict
        Records of checks by name: ``command``, ``date``, ``seconds``, ``result``, and ``current``,
        whether they are of today's hardware.
    names : list of str
        All checks there are, in order.

    Returns
    -------
    str
    """
    stale = {name for name, record in records.items() if not record["current"]}
    presets = [name.removesuffix("-pytorch") for name in names if name.endswith("-pytorch")]
    lines = ["## Presets, from the checkpoint to the netlist", "",
             f"| preset | {' | '.join(RUNGS.values())} |", "|---|" + "---|" * len(RUNGS)]
    for preset in presets:
        cells = [_rung(rung, records.get(f"{preset}-{rung}"), f"{preset}-{rung}" in stale)
                 for rung in RUNGS]
        lines.append(f"| {preset} | {' | '.join(cells)} |")
    lines += ["", "## From the netlist to the bitstream, and the edges", "",
              "| what | outcome |", "|---|---|"]
    for name in names:
        if name in OVERALL:
            record = records.get(name)
            outcome = OVERALL[name][1](record["result"]) if record else "*not run*"
            mark = "†" if record and name in stale else ""
            lines.append(f"| {OVERALL[name][0]} | {outcome}{mark} |")
    lines += ["", *survivors(records.get("mutate"))]
    lines += ["## Commands", "", "| check | date | seconds | command |", "|---|---|---|---|"]
    for name in names:
        if record := records.get(name):
            lines.append(f"| {name}{'†' if name in stale else ''} | {record['date']} | "
                         f"{record['seconds']:g} | `{record['command']}` |")
    lines += ["", "† of an earlier state of what it depends on"] if stale else []
    return HEAD + "\n".join(lines) + "\n"


def _rung(rung, record, stale):
    if record is None:
        return "*not run*"
    result = record["result"]
    text = {
        "pytorch": lambda: f"{result['images']:,} labels and scores, {result['accuracy']:.2f} %",
        "arithmetic": lambda: f"{result['popcounts']:,} values of {result['images']:,} images",
        "rtl": lambda: f"{result['equal']:,} of {result['images']:,}, interval "
                       f"{result['interval']:,}, latency {result['latency']:,}, as predicted",
        "netlist": lambda: f"{result['equal']:,} of {result['images']:,} ({result['family']})",
    }[rung]()
    return text + "†" * stale


def _bitstream(result):
    text = (f"{result['equal']} of {result['images']} images over the serial line, "
            f"{result['rom_images']} on the chip, equal to golden")
    if "block_rams" in result:
        return (f"{result['block_rams']} block RAMs of the bitstream are the netlist's, "
                f"{result['columns']:,} columns of weights the network's; the netlist by its pins: "
                f"{text}")
    return f"the bitstream decompiled, by its pins: {text}"


def _prove(result):
    proofs = result["proofs"]
    proven = sum(proof["result"] == "proven" for proof in proofs)
    bounded = sum(proof["result"] == "holds so far" for proof in proofs)
    caught = sum(proof["twin"]["result"] == "caught" for proof in proofs)
    return (f"{len(proofs)} proofs: {proven} hold for all time, {bounded} for a number of cycles; "
            f"{caught} of {len(proofs)} planted faults found ([Proofs](proofs.md))")


def _fuzz(result):
    rows = result["targets"]
    return (f"{sum(row['examples'] for row in rows):,} inputs for {len(rows)} readers and ends of "
            f"the line, {sum(row['accepted'] for row in rows):,} accepted, "
            f"{sum(row['failures'] for row in rows)} failures, "
            f"{max(row['peak_mib'] for row in rows):,.0f} MiB at most")


def _kill(result):
    rows = result["commands"]
    return (f"{sum(row['killed'] for row in rows)} kills in {sum(row['rounds'] for row in rows)} "
            f"runs of {len(rows)} commands: {sum(row['survivors_ok'] for row in rows)} left whole "
            f"files and a next run that succeeded")


def _soak(result):
    return (f"{result['frames']:,} requests, {sum(result['faults'].values()):,} faults on the "
            f"line: {result['answers_right']:,} right, {result['explicit_errors']:,} explicit "
            f"errors, {result['wrong']} wrong, {result['lost']} lost")


def _mutate(result):
    share = 100 * result["caught"] / result["count"]
    return f"{result['caught']} of {result['count']} mutations caught, {share:.1f} %"


def _netlist(result):
    return (f"{result['equal']} of {result['images']} images equal to golden, interval "
            f"{result['interval']}, with pauses too")


OVERALL = {
    "netlist-scheduled-ecp5": ("netlist of a scheduled network, ECP5", _netlist),
    "netlist-wired-ice40": ("netlist of a wired network, iCE40", _netlist),
    "bitstream-icebreaker": ("bitstream of iCE40", _bitstream),
    "bitstream-ulx3s": ("bitstream of ECP5", _bitstream),
    "benches": ("benches of every component and of the accelerator, idle × back-pressure",
                lambda result: f"{result['passed']} passed"),
    "faults": ("faults planted in the hardware, to be caught by the benches",
               lambda result: f"{result['passed']} tests passed"),
    "prove": ("formal proofs", _prove),
    "mutate": ("mutation score of the generated RTL", _mutate),
    "soak": ("host driver and board over a line with faults", _soak),
    "fuzz": ("random and damaged input", _fuzz),
    "kill": ("commands killed at random moments", _kill),
    "reproduce": ("two builds in two places",
                  lambda result: f"{len(result['identical'])} files identical, the bitstream too"),
}


def survivors(record):
    """Return the lines about mutations that nothing noticed."""
    if not record or not record["result"]["survivors"]:
        return []
    lines = ["### Mutations that survive", "",
             "| design | statement | became | why |", "|---|---|---|---|"]
    for each in record["result"]["survivors"]:
        lines.append("| " + " | ".join([
            each["schedule"], f"`{_short(each['target'])} = {_short(each['original'])}`",
            f"`{_short(each['mutated'])}`", each["reason"] or "not explained"]) + " |")
    return [*lines, ""]


def _short(text):
    text = text.replace("\\stages.", "").replace("|", "&#124;")
    return text if len(text) < 60 else text[:57] + "..."
