"""The files of a core: Verilog, description, register map, FuseSoC core, LiteX module, bench."""

import json
from math import ceil

from ..generate import describe, packed_answer
from ..plan.arrival import Arrival
from ..synthesis.verilog import to_verilog
from . import maps, spram
from .filling import filled
from .packet import PacketAccelerator
from .register import ADDRESS_BITS, SIZE, WORD, registers, words_of
from .wishbone import ACCESS_CYCLES, WishboneAccelerator


__all__ = ["BUSES", "FILES", "README", "arrival_of", "component_for", "files_of"]

BUSES = {"axis": "AXI4-Stream", "wishbone": "Wishbone", "litex": "Wishbone for LiteX"}

# All files that a core may have; each holds the core's name, so that cores may share a folder.
README = "{}.README.md"
FILES = ("{}.v", "{}.hw.json", "{}.core", "bench_{}.py", "bench_{}.cpp", "{}.net.npz", README,
         "{}.h", "{}.csr.json", "{}.csr.csv", "{}.svd", "{}_litex.py", "{}.load.bin",
         "{}.shape.json")


def arrival_of(network, bus, *, pipelined=False, data_width=WORD):
    """Return how a bus brings the images of a network, a :class:`hw.plan.arrival.Arrival`.

    On AXI4-Stream a beat has as many whole pixels as fit ``data_width``, in bits. On Wishbone
    pixels lie in words without gaps.
    """
    if bus != "axis":
        return Arrival(words_of(network) * ACCESS_CYCLES[pipelined])
    if data_width < network.pixel_bits:
        raise ValueError(f"Data width must be at least {network.pixel_bits}, the bits of a pixel: "
                         f"{data_width}")
    pixels = min(data_width // network.pixel_bits, network.inputs)
    return Arrival(ceil(network.inputs / pixels), pixels)


def component_for(accelerator, bus, *, pipelined=False):
    """Return the component that has the accelerator on a bus of :data:`BUSES`."""
    if bus == "axis" and accelerator.loaded:
        raise ValueError("Weights of a core on AXI4-Stream must be fixed: layers of the schedule "
                         "have them in SPRAM or loaded (--bus wishbone, or python -m hw.generate)")
    if bus == "axis":
        return PacketAccelerator(accelerator)
    return WishboneAccelerator(accelerator, pipelined=pipelined)


def files_of(component, estimated, name, bus):
    """Return the contents of all files of a core, text or bytes, a dict by file name.

    Parameters
    ----------
    component : :class:`PacketAccelerator` or :class:`WishboneAccelerator`
        The core.
    estimated : :class:`hw.estimate.Estimate`
        Its estimate.
    name : str
        Name of the module and of the files.
    bus : str
        One of :data:`BUSES`.
    """
    accelerator = component.accelerator
    network = accelerator.network
    convert = spram.to_verilog if accelerator.loaded and not accelerator.preset else to_verilog
    words = {
        "name": name, "Class": "".join(map(str.capitalize, name.split("_"))), "NAME": name.upper(),
        "p": name, "P": name.upper(), "identity": network.identity,
        "short": network.identity[:12], "bus": BUSES[bus], "classes": network.classes,
        "interval": accelerator.interval, "latency": accelerator.latency,
        "beats": accelerator.beats, "width": accelerator.input_width,
        "cycles": accelerator.interval + accelerator.latency + accelerator.beats + 100,
        "bench_files": "",
    }
    texts = {f"{name}.v": convert(component, name)}
    if bus == "axis":
        words |= {"label_width": component.label_width, "score_width": component.score_width,
                  "keep": 2**component.octets - 1, "last_keep": 2**component.last_octets - 1}
        output, form = packed_answer(component), "axis"
    else:
        rows = registers(network.classes, bool(accelerator.loaded))
        words |= {"words": component.words, "room": component.room, "size": SIZE,
                  "load_words": len(accelerator.load) + 10, "address_bits": ADDRESS_BITS,
                  "pipelined": component.pipelined,
                  "form": "pipelined" if component.pipelined else "classic",
                  "map": maps.markdown(rows), "more": ""}
        described = json.loads(maps.json_map(name, rows))
        output, form = {"registers": described["registers"]}, "wishbone"
        driver = filled("driver.h", words)
        if component.loader:
            driver += filled("load.h", words)
            texts[f"{name}.load.bin"] = component.load_file()
            words["bench_files"] = (f"      - {name}.load.bin: {{file_type: user, "
                                    f"copyto: {name}.load.bin}}\n")
            words["more"] += (f"| `{name}.load.bin` | weights of this network, for the register "
                              f"WEIGHTS |\n")
        if component.shape:
            texts[f"{name}.shape.json"] = component.shape.encode()
            words["more"] += (f"| `{name}.shape.json` | what another network must be to be loaded: "
                              f"`python -m hw.core OTHER --load-for {name}.shape.json -o "
                              f"OTHER.load.bin` |\n")
        texts |= {f"{name}.csr.json": maps.json_map(name, rows), f"{name}.csr.csv": maps.csv(rows),
                  f"{name}.svd": maps.svd(name, rows),
                  f"{name}.h": maps.c_header(name, rows, driver)}
    if bus == "litex":
        texts[f"{name}_litex.py"] = filled("litex_module.txt", words)
        words["more"] += f"| `{name}_litex.py` | the core as a module of LiteX |\n"
    texts[f"{name}.hw.json"] = json.dumps(describe(component, estimated, output), indent=2) + "\n"
    return texts | {f"{name}.core": filled("fusesoc.txt", words),
                    f"bench_{name}.py": filled(f"bench_{form}.txt", words),
                    f"bench_{name}.cpp": filled("bench.cpp", words),
                    README.format(name): (filled(f"readme_{form}.txt", words)
                                          + filled("readme_bench.txt", words))}
