"""Whether an accelerator fits a device; if not, which resource it lacks, and what would help."""

from math import floor

from .estimate import estimate, shell_resources
from .lower import LOWER, with_mode
from .plan.area import logic_rom
from .plan.device import DEVICES
from .plan.schedule import Scheduled
from .stage.spram import SPRAM_DEPTH, SPRAM_WIDTH


__all__ = ["ROOM", "memory_bits", "misfits", "refuse_misfit"]

# Largest share of a device's LUTs and flip-flops with which place and route still succeeds.
ROOM = {"ecp5": 0.88, "ice40": 0.92}

KBIT = 1024  # bits


def misfits(network, schedule, device):
    """List the resources of which a device has too few: (name, needed, available)."""
    need = (estimate(network, schedule, device.family).total
            + shell_resources(network, schedule, device.family))
    have = [("LUT4", need.lut4, floor(device.lut4 * ROOM[device.family])),
            ("flip-flops", need.ff, floor(device.ff * ROOM[device.family])),
            ("block RAMs", need.block_ram, device.block_rams),
            ("SPRAMs", need.spram, device.sprams)]
    return [(what, needed, there) for what, needed, there in have if needed > there]


def refuse_misfit(network, schedule, device, *, slowest=None):
    """Raise ValueError if a schedule does not fit; say by how much, and what would help.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Network to compute.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of each layer is computed per cycle.
    device : :class:`hw.plan.device.Device`
        Device that must hold the accelerator.
    slowest : callable, optional
        Takes a device and returns the slowest schedule for it. With it the message is about the
        slowest schedule where that one does not fit either, and names a device that works.
    """
    over = misfits(network, schedule, device)
    if not over:
        return
    slower = slowest and slowest(device)
    hopeless = slower and misfits(network, slower, device)
    if hopeless:
        schedule, over = slower, hopeless
    if short := _memory_short(network, schedule, device, over if hopeless else []):
        sparse = network.synapses < sum(map(_weights, with_mode(network.layers)))
        raise ValueError(f"{short} (fewer or smaller layers{' or fewer synapses' * sparse} would "
                         f"help; {_larger(network, device, schedule, slowest)})")
    by = "; ".join(f"{needed:,} {what} needed, {there:,} there "
                   f"({100 * needed / there - 100:.0f} % too many)" if there else
                   f"{needed:,} {what} needed, none there" for what, needed, there in over)
    fewer = _fewer(network)
    if "block RAMs" in (what for what, _, _ in over) and any(
            layer.takes.is_map for layer in network.layers):
        fewer = f"smaller feature maps or {fewer}"  # rows of maps are in block RAM, too
    ways = (f"{fewer} would help; {_larger(network, device, schedule, slowest)}" if hopeless else
            f"a lower rate, smaller pe and simd, {fewer} or a larger device would help")
    raise ValueError(f"Schedule must fit {device.name}: {by} ({ways})")


def _fewer(network):
    """Say of what a network may have fewer, and how many it has now."""
    bits = sum(_weights(layer) for layer in network.layers if "synapses" in layer.parts)
    of_all = {"synapses": f" of {bits:,} weights"}
    return " ".join(f"fewer {noun}, now {count:,}{of_all.get(noun, '')},"
                    for noun, count in network.parts.items())


def _weights(layer):
    """Return the weights of a layer; those of windows count once."""
    vector = LOWER.of(layer).vector(layer)
    return vector.inputs * vector.outputs


def memory_bits(device):
    """Return the bits of a device's block RAMs and of its SPRAMs."""
    return (device.block_rams * device.block_ram_bits,
            device.sprams * SPRAM_DEPTH * SPRAM_WIDTH)


def _stored(network, schedule):
    """Return the bits of the weights that a schedule has in memory, by layer."""
    return {layer.name: LOWER.of(layer).stored_bits(layer) for layer in with_mode(network.layers)
            if isinstance(schedule.layers[layer.name], Scheduled)}


def _memory_short(network, schedule, device, over):
    """Say that the weights do not fit a device's memories; None if they do.

    ``over`` are the misfits of the slowest schedule, none of another one. Weights for which there
    is no memory become logic there, most of what is too much of it.
    """
    stored, (block, sprams) = _stored(network, schedule), memory_bits(device)
    bits = sum(stored.values())
    homeless = {name: size for name, size in stored.items()
                if schedule.layers[name].rom == "distributed"}
    logic = logic_rom(sum(homeless.values()), 1)
    too_many = {what: needed - available for what, needed, available in over}
    # Rows of feature maps are in block RAM, too: then the weights may not be what is too much.
    explained = 0 < too_many.get("LUT4", 0) < 2 * logic and "block RAMs" not in too_many
    if bits <= block + sprams and not explained:
        return None
    there = [f"{block // KBIT:,} kbit in block RAM"]
    if sprams:
        there.append(f"{sprams // KBIT:,} kbit in SPRAM")
    elif DEVICES[device.name].sprams:
        there.append("none in SPRAM, which nothing can load on this board")
    return (f"Weights must fit the memory of {device.name}: {-(-bits // KBIT):,} kbit needed, "
            f"{(block + sprams) // KBIT:,} kbit there, {' and '.join(there)}"
            + ("" if bits > block + sprams else
               f", of which layer {max(homeless, key=homeless.get)!r} finds too few in one piece"))


def _larger(network, device, schedule, slowest):
    """Say which device holds a network that another one does not: that with the least memory."""
    bits = sum(_stored(network, schedule).values())
    sizes = {sum(memory_bits(other)): other for other in reversed(DEVICES.values())}
    fitting = [other.name for size, other in sorted(sizes.items())
               if size >= bits and other.name != device.name
               and (slowest is None or not misfits(network, slowest(other), other))]
    has = "holds it" if slowest else "has the memory for it"
    return f"{fitting[0]} {has}" if fitting else f"no supported device {has}"
