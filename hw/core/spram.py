"""Verilog of accelerators with weights in the SPRAMs of a UP5K: primitives, and their model."""

from pathlib import Path

from ..stage.spram import SPRAM_WIDTH as WIDTH
from ..synthesis import verilog


__all__ = ["WIDTH", "Primitives", "to_verilog"]

MODEL = Path(__file__).with_name("spram_model.v")


class Primitives:
    """A platform that makes components take SPRAMs and is nothing else."""

    family = "iCE40"


def to_verilog(component, name):
    """Convert a component to Verilog with primitives ``SB_SPRAM256KA``, and a model of them.

    Synthesis leaves the model out and takes the primitive of the device.
    """
    return (verilog.to_verilog(component, name, platform=Primitives())
            + MODEL.read_text(encoding="utf-8"))
