"""Inputs of a simulation, as hashes: a recorded outcome stands while these are the same."""

import json
from importlib import metadata

import numpy as np

from boards.toolchain import tools
from boards.toolchain.inputs import sha
from sw import golden
from sw.store.files import write_text

from .verilator import VERILATE


def of_images(network, images):
    """Return the hashes of a network, of images, and of what golden says of them."""
    return {"network": network.identity,
            "images": sha(np.ascontiguousarray(images).tobytes()),
            "scores": sha(golden.Model(network).scores(images).tobytes())}


def of_model(driver, options=()):
    """Return the inputs of a compiled model besides its Verilog: C++ main, options, versions."""
    yosys = tools.find("yosys")
    return {"driver": sha(driver), "options": " ".join((*VERILATE, *options)),
            "tools": {"verilator": metadata.version("verilator"),
                      "yosys": f"{yosys.version} ({yosys.origin})"}}


def write(path, inputs):
    """Write inputs as JSON and say so."""
    write_text(path, json.dumps(inputs, indent=1) + "\n")
    print(f"wrote {path}")
