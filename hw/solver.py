# amaranth: UnusedElaboratable=no
"""Chooses a schedule: the least interval that fits a device, or the least area for a rate."""

from bisect import bisect_left
from dataclasses import replace
from itertools import product
from math import ceil, floor, log

from .estimate import estimate, layer_resources, shell_resources
from .lower import LOWER
from .plan.pll import make_clock
from .plan.schedule import Schedule, Wired
from .wired.groups import GROUP_SYNAPSES


__all__ = ["choose", "choose_at", "refuse_misfit"]

# Share of a device's LUTs and flip-flops that place and route still finds its way in.
ROOM = {"ecp5": 0.88, "ice40": 0.92}

# What a block RAM counts for, as a share of all, against LUTs and flip-flops: the first that fits
# is taken, so LUTs, which make place and route slow, are spent last.
BLOCK_RAM_WEIGHTS = (0.1, 1, 2.7, 8)

# Copies of a register in groups of neurons, which may be a quarter of the device away.
BRANCHES = 4.5
HOP_HZ = 30e6  # clock in Hz for each hop at most: what is slower has time for longer ways

# Candidates kept for each layer while the widths of its neighbours are not known.
KEPT = 12


def choose(network, device, *, clock_hz, images_per_second=None, wired=None):
    """Choose how much of each layer is computed per cycle.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        What is computed.
    device : :class:`hw.plan.device.Device`
        What it must fit, beside the serial link that a board needs.
    clock_hz : float
        Clock in Hz.
    images_per_second : float, optional
        Wanted rate. Without it the fastest schedule that fits is chosen.
    wired : :class:`hw.plan.schedule.Wired`, optional
        How wired layers are built (default: by family and clock).

    Returns
    -------
    Schedule

    Raises
    ------
    ValueError
        If nothing fits, or nothing is as fast: by how much, and what would help.
    """
    wired = [wired] if wired else wired_parts(device.family, clock_hz)
    slowest = max(network.inputs, *(LOWER.of(layer).slowest(layer) for layer in network.layers[1:]))
    if images_per_second is not None:
        if not images_per_second > 0:
            raise ValueError(f"Images per second must be above 0: {images_per_second:g}")
        target = min(floor(clock_hz / images_per_second), slowest)
        if target < 1:
            raise ValueError(f"Clock must be at least the images per second, one image being a "
                             f"cycle at best: {clock_hz / 1e6:g} MHz for {images_per_second:,.0f} "
                             f"images/s (raise --freq)")
        schedule = smallest(network, device, target, wired)
        refuse_misfit(network, schedule, device)
        return schedule

    # The area shrinks with the interval, about: the first interval that fits is the one.
    intervals = _distinct(slowest)
    schedules = {}

    def fits(interval):
        schedules[interval] = smallest(network, device, interval, wired)
        return not misfits(network, schedules[interval], device)

    place = bisect_left(intervals, True, key=fits)
    if place == len(intervals):
        place -= 1
        refuse_misfit(network, schedules[intervals[place]], device)
    return schedules[intervals[place]]


def choose_at(network, device, *, oscillator, wished, images_per_second=None):
    """Choose the schedule for the clock that a board makes where another one is asked for.

    This is what decides for a bitstream, for every check of it, and for its Verilog alone.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        What is computed.
    device : :class:`hw.plan.device.Device`
        What it must fit.
    oscillator : int or None
        Of the board, in Hz; None if the clock is as wished.
    wished : int or Fraction
        Clock asked for, in Hz.
    images_per_second : float, optional
        As for :func:`choose`.
    """
    clock = wished if oscillator is None else make_clock(device.family, oscillator, wished)
    return choose(network, device, clock_hz=float(clock), images_per_second=images_per_second)


def wired_parts(family, clock_hz):
    """How wired layers are built for a clock, the fastest first, as measured after place and route.

    A stage has as many adders as four fifths of a period have time for, after what its first net
    takes, in a device that is more than half full. On iCE40, where a flip-flop alone takes a LUT's
    place, nets are not cut by copies; on ECP5 as often as there are flip-flops for.
    """
    first, each = {"ecp5": (1.75e-9, 2.32e-9), "ice40": (8e-9, 8e-9)}[family]
    levels = max(1, min(24, floor((0.8 / clock_hz - first) / each)))
    if family == "ice40":
        return [Wired(levels)]
    hops = max(1, floor(clock_hz / HOP_HZ))
    return [*(Wired(levels, hops=fewer) for fewer in range(hops, 0, -1)),
            Wired(levels + 1, hops=1)]


def limit_hops(layer, part):
    """How one layer is built: with as many hops as its size asks for, up to the part's."""
    groups = max(2, layer.synapses / GROUP_SYNAPSES)
    return replace(part, hops=min(part.hops, ceil(log(groups, BRANCHES))))


def smallest(network, device, interval, wired):
    """Choose the smallest schedule that keeps to an interval: one that fits, if there is one.

    SPRAMs, whose weights make a second file to load onto the board, are used where it takes them.
    """
    for sprams, part, weight in product(sorted({0, device.sprams}), wired, BLOCK_RAM_WEIGHTS):
        schedule = _smallest_parts(network, replace(device, sprams=sprams), interval, part, weight)
        if not misfits(network, schedule, device):
            break
    return schedule


def _smallest_parts(network, device, interval, wired, weight):
    """Choose the smallest parts, layer by layer, that all keep to an interval."""
    pixels = _pixels(network, interval)
    # Paths: schedules of the layers so far, one for each width that the next layer would see and
    # each number of SPRAMs, which cost nothing until there are no more.
    paths = {(LOWER.of(network.first).width(network.first, pixels), 0): (0.0, {})}
    bits = network.first.outputs
    for layer in network.layers[1:]:
        longer = {}
        for part in _candidates(layer, interval, wired, device, weight):
            for (width, sprams), (cost, parts) in paths.items():
                before = list(parts.values())[-1] if parts else None
                resources = layer_resources(layer, part, device.family, bits=bits, width=width,
                                            after_wired=isinstance(before, Wired))
                total = cost + _share(resources, device, weight)
                gives = (part.gives(layer), sprams + resources.spram)
                if gives[1] > device.sprams:
                    continue
                if gives not in longer or total < longer[gives][0]:
                    longer[gives] = (total, {**parts, layer.name: part})
        paths, bits = {}, layer.outputs
        for count in range(device.sprams + 1):
            same = [item for item in longer.items() if item[0][1] == count]
            paths |= sorted(same, key=lambda item: item[1][0])[:KEPT]
    _, parts = min(paths.values(), key=lambda path: path[0])
    return Schedule(pixels, parts)


def misfits(network, schedule, device):
    """List what a schedule needs more of than a device has: (what, needed, there is)."""
    need = (estimate(network, schedule, device.family).total
            + shell_resources(network, schedule, device.family))
    have = [("LUT4", need.lut4, floor(device.lut4 * ROOM[device.family])),
            ("flip-flops", need.ff, floor(device.ff * ROOM[device.family])),
            ("block RAMs", need.block_ram, device.block_rams),
            ("SPRAMs", need.spram, device.sprams)]
    return [(what, needed, there) for what, needed, there in have if needed > there]


def refuse_misfit(network, schedule, device):
    """Raise ValueError if a schedule does not fit: by how much, and what would help."""
    over = misfits(network, schedule, device)
    if not over:
        return
    by = "; ".join(f"{needed:,} {what} needed, {there:,} there "
                   f"({100 * needed / there - 100:.0f} % too many)" if there else
                   f"{needed:,} {what} needed, none there" for what, needed, there in over)
    bits = sum(layer.inputs * layer.outputs for layer in network.layers[1:])
    raise ValueError(f"Schedule must fit {device.name}: {by} (a lower rate, smaller pe and simd, "
                     f"fewer synapses, now {network.synapses:,} of {bits:,} weights, or a larger "
                     f"device would help)")


def _pixels(network, interval):
    """Fewest pixels a beat that let an image in within an interval; a divisor where one is near."""
    inputs = network.inputs
    least = ceil(inputs / interval)
    return next((pixels for pixels in range(least, min(2 * least, inputs) + 1)
                 if inputs % pixels == 0), least)


def _distinct(slowest):
    """Intervals worth trying, about 5 % apart."""
    intervals = [1]
    while intervals[-1] < slowest:
        intervals.append(min(slowest, max(intervals[-1] + 1, floor(intervals[-1] * 1.05))))
    return intervals


def _candidates(layer, interval, wired, device, weight):
    """Parts that keep to an interval, the cheapest of them; those in SPRAM are counted apart."""
    def resources(part):
        return layer_resources(layer, part, device.family, bits=layer.inputs, width=1,
                               after_wired=False)

    def cost(part):
        return _share(resources(part), device, weight)

    parts = LOWER.of(layer).candidates(layer, interval, limit_hops(layer, wired), device)
    loaded = [part for part in parts if resources(part).spram]
    others = [part for part in parts if part not in loaded]
    return sorted(others, key=cost)[:2 * KEPT] + sorted(loaded, key=cost)[:KEPT]


def _share(resources, device, weight):
    """Share of a device, block RAMs weighted."""
    return (resources.lut4 / device.lut4 + 0.2 * resources.ff / device.ff
            + weight * resources.block_ram / device.block_rams)
