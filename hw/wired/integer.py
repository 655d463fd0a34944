"""A wired first layer of integers: sums of pixels, one image or window a cycle."""

from math import ceil

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..count.carry import ZERO, Bit, Position, carry_chain, gap
from ..count.lut import family_of
from ..count.popcount import Delays
from ..plan.area import Resources
from .integerplan import plan_sums


__all__ = ["IntegerLayer", "integer_latency", "integer_resources"]

ONE = Bit(Const(1, 1))


def integer_latency(layer, mode):
    """Return the cycles from the input of a wired layer of integers to its output."""
    return mode.hops + plan_sums(layer, mode.levels).depth + 1


# Fitted to synthesized layers. LUT4 of a bit of an adder, of the ends of its carry chain, of a bit
# of a number that is subtracted, and of a bit of a sum that is compared with a constant.
ADDER = {"ecp5": 1.0, "ice40": 1.0}
ENDS = {"ecp5": 1.9, "ice40": 0.0}
INVERTER = {"ecp5": 0.0, "ice40": 1.0}
COMPARED = 0.5


def integer_resources(layer, mode, family, seen):
    """Return the estimated resources of the neurons that are ``seen``: bool, shape (neurons,)."""
    plan = plan_sums(layer, mode.levels)
    wanted = [entry[0] for entry, looked_at in zip(plan.sums, seen, strict=True)
              if entry and looked_at]
    until = dict.fromkeys(wanted, plan.depth)  # last stage in which a node is read
    lut4 = made = waiting = 0
    for number in reversed(range(len(plan.adders))):
        node, adder = layer.inputs + number, plan.adders[number]
        if node not in until:
            continue
        lut4 += ADDER[family] * adder.width + ENDS[family]
        if adder.subtracts:
            lut4 += INVERTER[family] * adder.width
        made += adder.width * adder.registered
        waiting += adder.width * (until[node] - adder.stage)
        for operand in (adder.left, adder.right):
            until[operand] = max(until.get(operand, 0), adder.stage - adder.registered)
    waiting += layer.input_bits * sum(mode.hops + stage for node, stage in until.items()
                                      if node < layer.inputs)
    lut4 += COMPARED * sum(plan.width(node) for node in wanted)
    if family == "ice40":
        lut4 += waiting  # a flip-flop without a LUT takes a logic cell
    return Resources(ceil(lut4), ceil(made + waiting + seen.sum()))


class IntegerLayer(wiring.Component):
    """A first layer of integers as logic, cut by registers that nothing stops.

    Each neuron adds the inputs of weight +1 and those of weight -1, subtracts, and compares the
    difference with its threshold. Neurons share adders of the same numbers. A neuron that always or
    never fires is a constant.

    Latency is :attr:`latency` cycles, from ``x`` to ``y``, at least 1; throughput is one vector
    per cycle.

    Parameters
    ----------
    layer : :class:`sw.layer.integer.IntegerDense`
        Weights and thresholds; ``dense`` of an :class:`sw.layer.integer.IntegerConv2d`.
    mode : :class:`hw.plan.schedule.Wired`
        Registers in the layer; ``hops`` of them stand in front of all adders.

    Members
    -------
    x : In(inputs * input_bits)
        Unsigned inputs, the first one lowest.
    y : Out(neurons)
        Activations, the first one lowest.
    """

    def __init__(self, layer, mode):
        if mode.levels < 1:
            raise ValueError(f"Levels of layer {layer.name!r} must be at least 1: {mode.levels}")
        self.layer = layer
        self.mode = mode
        self.latency = integer_latency(layer, mode)
        super().__init__({"x": In(layer.inputs * layer.input_bits), "y": Out(layer.outputs)})

    def elaborate(self, platform):
        m = Module()
        layer, plan = self.layer, plan_sums(self.layer, self.mode.levels)
        delays = Delays(m, "wait")
        x = delays.delay(self.x, self.mode.hops)
        nodes = [(x.word_select(place, layer.input_bits), 0) for place in range(layer.inputs)]

        def at(node, stage):
            value, made = nodes[node]
            return delays.delay(value, stage - made)

        for number, adder in enumerate(plan.adders):
            stage = adder.stage - adder.registered
            left, right = at(adder.left, stage), at(adder.right, stage)
            total = Signal(Shape(adder.width, signed=adder.subtracts), name=f"sum_{number}")
            m.d.comb += total.eq(_add(m, left, right, adder, total.name, platform))
            nodes.append((delays.register(total) if adder.registered else total, adder.stage))

        fires = []
        for threshold, entry in zip(map(int, layer.thresholds), plan.sums, strict=True):
            if entry is None:
                fires.append(Const(threshold <= 0, 1))
                continue
            node, sign = entry
            value = at(node, plan.depth)
            fires.append(delays.register(value >= threshold if sign > 0 else value <= -threshold))
        m.d.comb += self.y.eq(Cat(*fires))
        return m


def _add(m, left, right, adder, name, platform):
    """Return the result of an adder.

    On ECP5 the chain is instantiated, because synthesis makes adders in a row one adder of many
    numbers, which takes a fifth more LUTs.
    """
    if family_of(platform) != "ecp5":
        return left - right if adder.subtracts else left + right
    a, b = Signal(adder.width, name=f"{name}_left"), Signal(adder.width, name=f"{name}_right")
    m.d.comb += [a.eq(left), b.eq(right)]
    carry = ONE if adder.subtracts else ZERO
    places = [Position(Bit(one), "is", (Bit(other, adder.subtracts),))
              for one, other in zip(a, b, strict=True)]
    return carry_chain(m, [gap(carry), *places], platform, f"{name}_chain")[1:]
