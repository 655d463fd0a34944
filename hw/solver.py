# amaranth: UnusedElaboratable=no
"""Chooses a schedule: the least interval that fits a device, or the least area for a rate."""

from bisect import bisect_left
from dataclasses import replace
from itertools import product
from math import ceil, floor, log

from .estimate import layer_resources
from .fit import misfits, refuse_misfit
from .lower import LOWER, entry, with_mode
from .plan.arrival import ANY
from .plan.pll import make_clock
from .plan.schedule import Schedule, Wired
from .wired.groups import GROUP_SYNAPSES


__all__ = ["choose", "choose_at"]

# Weights of the share of block RAMs against the share of LUTs and flip-flops, tried in this order.
# The first that fits is taken, so LUTs, which make place and route slow, are spent last.
BLOCK_RAM_WEIGHTS = (0.1, 1, 2.7, 8)

# Copies on the next level of groups that one register feeds. They may be a quarter of the device
# away from the register.
BRANCHES = 4.5
HOP_HZ = 30e6  # Hz of the clock for each hop: a slower clock has time for longer wires

# Times shorter than asked for that an interval may be, where the one asked for does not fit.
SHORTER = 2

ICE40_LEVELS = 2  # adders of a stage on iCE40, at most

# Candidates kept for each layer while the widths of its neighbours are not known.
KEPT = 12


def choose(network, device, *, clock_hz, images_per_second=None, wired=None, arrival=ANY):
    """Choose how much of each layer is computed per cycle.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Network to compute.
    device : :class:`hw.plan.device.Device`
        Device that must hold the accelerator and the serial link of a board.
    clock_hz : float
        Clock in Hz.
    images_per_second : float, optional
        Wanted rate. Without it the fastest schedule that fits is chosen.
    wired : :class:`hw.plan.schedule.Wired`, optional
        How wired layers are built (default: as :func:`wired_modes` says).
    arrival : :class:`hw.plan.arrival.Arrival`
        How images come. A schedule that is faster than they come is no candidate.

    Returns
    -------
    Schedule

    Raises
    ------
    ValueError
        If no schedule fits or none is fast enough. The message says by how much, and what would
        help.
    """
    wired = [wired] if wired else wired_modes(device.family, clock_hz)
    slowest = max(network.inputs, *(LOWER.of(layer).slowest(layer)
                                    for layer in with_mode(network.layers)))
    fastest, at_fastest = _fastest(network)

    def smallest_at(interval):
        return smallest(network, device, interval, wired, arrival.pixels)

    def slowest_on(other):
        modes = wired if other is device else wired_modes(other.family, clock_hz)
        return smallest(network, other, slowest, modes, arrival.pixels)

    if images_per_second is not None:
        if not images_per_second > 0:
            raise ValueError(f"Images per second must be above 0: {images_per_second:g}")
        target = min(floor(clock_hz / images_per_second), slowest)
        if target < 1:
            raise ValueError(f"Clock must be at least the images per second, one image being a "
                             f"cycle at best: {clock_hz / 1e6:g} MHz for {images_per_second:,.0f} "
                             f"images/s (raise --freq)")
        if target < fastest:
            raise ValueError(f"Images per second must be at most {clock_hz / fastest:,.0f}, as "
                             f"layer {at_fastest!r} takes {fastest:,} cycles an image at "
                             f"{clock_hz / 1e6:g} MHz: {images_per_second:,.0f} (raise --freq)")
        arrival.check(network, target, clock_hz, images_per_second)
        schedule = smallest_at(target)
        if schedule is None:
            raise ValueError(_too_fast(network, device, target, wired[0], images_per_second))
        if misfits(network, schedule, device):
            # Memories divide otherwise at other intervals, so a shorter one may fit.
            shortest = min(max(fastest, arrival.cycles, ceil(target / SHORTER)), target)
            for interval in reversed(_distinct(shortest, target)):
                shorter = smallest_at(interval)
                if shorter is not None and not misfits(network, shorter, device):
                    return shorter
        refuse_misfit(network, schedule, device, slowest=slowest_on)
        return schedule

    intervals = _distinct(min(max(fastest, arrival.cycles), slowest), slowest)
    schedules = {}

    def fits(interval):
        schedule = schedules[interval] = smallest_at(interval)
        return schedule is not None and not misfits(network, schedule, device)

    # An image in one beat needs no width converter, so interval 1 may fit where 2 does not.
    if fits(intervals[0]):
        return schedules[intervals[0]]
    # From there on a longer interval takes less area: the first one that fits is the shortest.
    place = bisect_left(intervals, True, lo=1, key=fits)
    if place == len(intervals):
        place -= 1
        refuse_misfit(network, schedules[intervals[place]], device, slowest=slowest_on)
    return schedules[intervals[place]]


def choose_at(network, device, *, oscillator, wished, images_per_second=None, arrival=ANY):
    """Choose the schedule for the clock that a board's PLL makes.

    Only this function decides for a bitstream, for all its checks and for its Verilog, so all of
    them have the same schedule.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Network to compute.
    device : :class:`hw.plan.device.Device`
        Device that must hold the accelerator.
    oscillator : int or None
        Frequency of the board's oscillator in Hz. None without a board: the clock is then as
        wished.
    wished : int or Fraction
        Clock asked for, in Hz.
    images_per_second, arrival
        As for :func:`choose`.
    """
    clock = wished if oscillator is None else make_clock(device.family, oscillator, wished)
    return choose(network, device, clock_hz=float(clock), images_per_second=images_per_second,
                  arrival=arrival)


def wired_modes(family, clock_hz):
    """Return ways to build wired layers for a clock, the fastest first.

    A stage has as many adders as fit into four fifths of a period, after the delay of its first
    net. The delays were measured after place and route in devices that are more than half full. On
    iCE40 a stage has at most two adders, because a full UP5K is not routed with three
    (docs/decisions/027-spread.md), and a layer has no hops, because a flip-flop there takes a LUT's
    place. On ECP5 it has as many as there are flip-flops for.
    """
    first, each = {"ecp5": (1.75e-9, 2.32e-9), "ice40": (8e-9, 8e-9)}[family]
    levels = max(1, min(24, floor((0.8 / clock_hz - first) / each)))
    if family == "ice40":
        return [Wired(min(levels, ICE40_LEVELS))]
    hops = max(1, floor(clock_hz / HOP_HZ))
    return [*(Wired(levels, hops=fewer) for fewer in range(hops, 0, -1)),
            Wired(levels + 1, hops=1)]


def limit_hops(layer, mode):
    """Return a mode with only as many hops as the size of the layer needs."""
    groups = max(2, layer.synapses / GROUP_SYNAPSES)
    return replace(mode, hops=min(mode.hops, ceil(log(groups, BRANCHES))))


def smallest(network, device, interval, wired, pixels=None):
    """Choose the smallest schedule that keeps to an interval: one that fits, if there is one.

    The result is None if the device cannot hold any way to compute some layer so fast.

    SPRAMs are used only if nothing fits without them, because their weights are a second file to
    load onto the board. ``pixels`` are those of a beat, where they are given.
    """
    pixels = pixels or _pixels(network, interval)
    for sprams, mode, weight in product(sorted({0, device.sprams}), wired, BLOCK_RAM_WEIGHTS):
        schedule = _smallest_modes(network, replace(device, sprams=sprams), interval, mode, weight,
                                   pixels)
        if schedule is None or not misfits(network, schedule, device):
            break
    return schedule


def _smallest_modes(network, device, interval, wired, weight, pixels):
    """Choose the smallest schedule for one way to build wired layers and one block RAM weight."""
    # Paths: the cheapest schedules of the layers so far, one for each pair of a word's width behind
    # them and a number of SPRAMs. An SPRAM costs nothing, but their number is limited.
    bits, width = entry(network, pixels)
    paths, joins = {(width, 0): (0.0, {})}, False
    for layer in with_mode(network.layers):
        longer = {}
        for mode in _candidates(layer, interval, wired, device, weight):
            for (width, sprams), (cost, modes) in paths.items():
                before = list(modes.values())[-1] if modes else None
                resources = layer_resources(layer, mode, device.family, bits=bits, width=width,
                                            after_wired=joins and isinstance(before, Wired))
                total = cost + _share(resources, device, weight)
                _, made = LOWER.of(layer).words(layer, mode, width)
                gives = (made, sprams + resources.spram)
                if gives[1] > device.sprams:
                    continue
                if gives not in longer or total < longer[gives][0]:
                    longer[gives] = (total, {**modes, layer.name: mode})
        paths, bits, joins = {}, layer.outputs, not LOWER.of(layer).streams
        for count in range(device.sprams + 1):
            same = [item for item in longer.items() if item[0][1] == count]
            paths |= sorted(same, key=lambda item: item[1][0])[:KEPT]
    if not paths:
        return None
    _, modes = min(paths.values(), key=lambda path: path[0])
    return Schedule(pixels, modes)


def _pixels(network, interval):
    """Return the fewest pixels a beat for an interval, or a divisor of the image that is near.

    In front of a layer that takes positions, a divisor of whole positions is better.
    """
    inputs, taken = network.inputs, with_mode(network.layers)[0].takes
    least = ceil(inputs / interval)
    divisors = [pixels for pixels in range(least, min(2 * least, inputs) + 1)
                if inputs % pixels == 0]
    position = max(1, taken.extents[-1] * inputs // taken.size) if taken.is_map else 1
    return next((pixels for pixels in divisors if pixels % position == 0),
                divisors[0] if divisors else least)


def _fastest(network):
    """Return the interval of the fastest hardware, in cycles, and the layer that takes as long."""
    layers = {layer.name: LOWER.of(layer).fastest(layer) for layer in with_mode(network.layers)}
    name = max(layers, key=layers.get)
    return layers[name], name


def _too_fast(network, device, interval, wired, images_per_second):
    """Return the message about a rate that some layer cannot keep on a device."""
    name = next(layer.name for layer in with_mode(network.layers)
                if not LOWER.of(layer).candidates(layer, interval, limit_hops(layer, wired),
                                                  device))
    return (f"Images per second must be lower for {device.name}: {images_per_second:,.0f} leave "
            f"layer {name!r} {interval:,} cycles an image, and lanes for that do not exist (leave "
            f"the rate out: the fastest schedule that fits)")


def _distinct(fastest, slowest):
    """Return the intervals to try, about 5 % apart."""
    intervals = [fastest]
    while intervals[-1] < slowest:
        intervals.append(min(slowest, max(intervals[-1] + 1, floor(intervals[-1] * 1.05))))
    return intervals


def _candidates(layer, interval, wired, device, weight):
    """Return the cheapest modes that keep to an interval, and the cheapest ones in SPRAM."""
    costs = {False: [], True: []}  # by whether the mode takes SPRAM: (cost, mode)
    for mode in LOWER.of(layer).candidates(layer, interval, limit_hops(layer, wired), device):
        resources = layer_resources(layer, mode, device.family, bits=layer.takes.width, width=1,
                                    after_wired=False)
        costs[resources.spram > 0].append((_share(resources, device, weight), mode))
    best = {loaded: [mode for _, mode in sorted(some, key=lambda each: each[0])]
            for loaded, some in costs.items()}
    return best[False][:2 * KEPT] + best[True][:KEPT]


def _share(resources, device, weight):
    """Return the share of a device that resources take, with block RAMs weighted."""
    return (resources.lut4 / device.lut4 + 0.2 * resources.ff / device.ff
            + weight * resources.block_ram / device.block_rams)
