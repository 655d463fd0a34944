"""One LUT4, as logic that any tool understands or as the primitive of a device family."""

from amaranth import *


__all__ = ["family_of", "look_up"]


def look_up(m, truth, operands, name, family=None):
    """Make a function of one to four bits.

    Synthesis may restructure plain logic, and does: it made 4.2 LUT4 of a neuron of six synapses
    instead of 3. A primitive is always one LUT4.

    Parameters
    ----------
    m : Module
        Where the function goes.
    truth : int
        Bit ``i`` is the function's value where the operands, the first one lowest, form the
        number ``i``.
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
    """Return the device family of a platform's primitives: ``"ecp5"``, ``"ice40"`` or None."""
    if getattr(platform, "family", None) == "ecp5":
        return "ecp5"
    return "ice40" if str(getattr(platform, "device", "")).startswith("iCE40") else None
