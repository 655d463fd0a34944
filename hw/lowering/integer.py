"""Hardware of first layers of integers: components of their own, no part of accelerators yet."""

from sw.layer.integer import IntegerConv2d, IntegerDense

from ..lower import LOWER, Lowering


class LowerInteger(Lowering):
    """Refuses a first layer of integers by name, before anything is built."""

    def _refusal(self, layer, what):
        return ValueError(f"Layer {layer.name!r} must be an encoder for hardware: accelerators "
                          f"take no first layer of kind {layer.kind!r} yet (train with --levels, "
                          f"or write C with python -m sw.c)")


LOWER.register(IntegerDense, IntegerConv2d)(LowerInteger())
