"""One LUT4, as logic that any tool understands or as the primitive of a device family."""

from amaranth import *


__all__ = ["family_of", "look_up"]


def look_up(m, truth, operands, name, family=None):
    """Make a function of one to four bits.

    As plain logic it says what it computes and no more: synthesis may restructure it, and does
    (measured: a neuron of six synapses in 4.2 LUT4 instead of 3). As a primitive it is one LUT4.

    Parameters
    ----------
    m : Module
        Where the function goes.
    truth : int
        Bit ``i`` is the function's value where the operands, the first one lowest, are the bits
        of ``i``.
    operands : list of Value
        One to four bits.
    name : str
        Name of the signal and of the primitive.
    family : str, optional
        ``"ecp5"`` or ``"ice40"`` for a primitive.

    Returns
    -------
    Signal
        One bit.
    """
    signal = Signal(name=name)
    if family is None:
        m.d.comb += signal.eq(Const(truth, 2**len(operands)).bit_select(Cat(*operands), 1))
        return signal
    truth = sum((truth >> index % 2**len(operands) & 1) << index for index in range(16))
    pins = [*operands, *[Const(0)] * (4 - len(operands))]
    if family == "ecp5":
        m.submodules[f"{name}_lut"] = Instance(
            "LUT4", p_INIT=Const(truth, 16), o_Z=signal,
            **{f"i_{pin}": operand for pin, operand in zip("ABCD", pins, strict=True)})
    else:
        m.submodules[f"{name}_lut"] = Instance(
            "SB_LUT4", p_LUT_INIT=Const(truth, 16), o_O=signal,
            **{f"i_I{pin}": operand for pin, operand in enumerate(pins)})
    return signal


def family_of(platform):
    """Return the device family whose primitives a platform has: ``"ecp5"``, ``"ice40"``, None."""
    if getattr(platform, "family", None) == "ecp5":
        return "ecp5"
    return "ice40" if str(getattr(platform, "device", "")).startswith("iCE40") else None
