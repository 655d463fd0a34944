"""A schedule: how much of each layer is computed per cycle, its *mode*."""

import json
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType

from sw.store.files import parse_json

from ..lower import LOWER, entry, with_mode


FORMAT = "thresher-schedule/1"
ROMS = ("block", "registered", "distributed", "spram", "loaded")
ADDERS = ("chains", "luts", "columns")


def scores_only_add(layer):
    """Return whether a layer gives scores whose weights are 0 and +1, so that they count bits."""
    return layer.gives_scores and bool((layer.weights >= 0).all())


@dataclass(frozen=True)
class Wired:
    """A wired layer: every synapse is its own logic, and a vector takes one cycle.

    Attributes
    ----------
    levels : int
        Most adders between two registers: fewer are faster and take more flip-flops.
    hops : int
        Registers between the layer before and the neurons. Each part of the layer has a copy of
        them, so that no net has many ends or far ones. 0 on iCE40, because a flip-flop there takes
        a LUT's place.
    adders : str
        ``"chains"`` for adders of two numbers on shared carry chains, ``"luts"`` for full adders.
        ``"columns"`` for scores whose weights are 0 and +1 (:mod:`hw.count.columnplan`): fewer
        LUT4 on ECP5, more on iCE40.
    """

    levels: int = 3
    hops: int = 0
    adders: str = "chains"

    def interval(self, layer):
        """Return the cycles for which a vector occupies the layer."""
        return 1

    def takes(self, layer):
        """Return the bits of an input word of the layer."""
        return layer.takes.width

    def gives(self, layer):
        """Return the values of an output word of the layer: bits, or scores."""
        return layer.outputs

    def check(self, layer):
        """Raise ValueError unless the layer can be built in this way."""
        _check_int(f"Levels of layer {layer.name!r}", self.levels, 64)
        _check_int(f"Hops of layer {layer.name!r}", self.hops, 8, least=0)
        if self.adders not in ADDERS:
            raise ValueError(f"Adders of layer {layer.name!r} must be one of "
                             f"{', '.join(ADDERS)}: {self.adders!r}")
        if self.adders == "columns" and not scores_only_add(layer):
            raise ValueError(f"Adders of layer {layer.name!r} must be chains or luts, because it "
                             f"does not give scores of weights 0 and +1: {self.adders!r}")

    def to_json(self):
        return {"kind": "wired", "levels": self.levels, "hops": self.hops, "adders": self.adders}


@dataclass(frozen=True)
class Scheduled:
    """A scheduled layer: ``pe`` neurons × ``simd`` inputs per cycle, weights in memory.

    Attributes
    ----------
    pe, simd : int
        Neurons and inputs at once.
    rom : str
        Memory of the weights: ``"block"`` RAM; ``"registered"``, which is block RAM with two
        registers behind it, one of them inside an ECP5's block RAM; ``"distributed"`` over LUTs; or
        ``"spram"``, loaded before the first image; or ``"loaded"``, block RAM as of
        ``"registered"`` whose weights and thresholds may be replaced at run time.
    positions : int
        Windows of a convolution that are computed at once with the same weights.
    rows : bool
        Whether these are the windows of a row, straight from rows of the map. Their memory is
        written bit by bit, which block RAM of iCE40 can.
    """

    pe: int
    simd: int
    rom: str = "block"
    positions: int = 1
    rows: bool = False

    def interval(self, layer):
        """Return the cycles for which a vector occupies the layer."""
        return ceil(layer.inputs / self.simd) * ceil(layer.outputs / self.pe)

    def takes(self, layer):
        """Return the bits of an input word of the layer."""
        return self.simd * layer.takes.bits

    def gives(self, layer):
        """Return the values of an output word of the layer: bits, or scores."""
        return self.pe

    def check(self, layer):
        """Raise ValueError unless the layer can be built in this way."""
        vector = LOWER.of(layer).vector(layer)
        _check_int(f"PE of layer {layer.name!r}", self.pe, vector.outputs)
        _check_int(f"SIMD of layer {layer.name!r}", self.simd, vector.inputs)
        _check_int(f"Positions of layer {layer.name!r}", self.positions,
                   LOWER.of(layer).most_positions(layer))
        if self.rom not in ROMS:
            raise ValueError(f"ROM of layer {layer.name!r} must be one of {', '.join(ROMS)}: "
                             f"{self.rom!r}")
        if type(self.rows) is not bool:
            raise ValueError(f"Rows of layer {layer.name!r} must be true or false: {self.rows!r}")
        if self.rows:
            LOWER.of(layer).check_rows(layer, self)
        if self.rom == "loaded" and self.positions > 1:
            raise ValueError(f"Positions of layer {layer.name!r} must be 1 to load its weights: "
                             f"{self.positions} (another rom, or positions of 1)")

    def to_json(self):
        several = {"positions": self.positions} if self.positions > 1 else {}
        several |= {"rows": True} if self.rows else {}
        return {"kind": "scheduled", "pe": self.pe, "simd": self.simd, "rom": self.rom, **several}


@dataclass(frozen=True)
class Schedule:
    """How much of a network is computed per cycle.

    Attributes
    ----------
    pixels : int
        Pixels in a beat of the input stream.
    layers : mapping of str to Wired or Scheduled
        Mode of every layer that has one (:func:`hw.lower.with_mode`), which are all but an
        encoder, by the layer's name. Consecutive wired layers form one pipeline.
    """

    pixels: int
    layers: MappingProxyType

    def __post_init__(self):
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))

    def check(self, network):
        """Raise ValueError unless the schedule fits the network; name layer and rule."""
        names = [layer.name for layer in with_mode(network.layers)]
        if list(self.layers) != names:
            first, encoder = network.first, ""
            if first.name in self.layers and first.name not in names:
                encoder = f" (an {first.kind} has no mode)"
            raise ValueError(f"Schedule must have the layers of the network: "
                             f"{', '.join(self.layers) or 'none'}, not {', '.join(names)}"
                             f"{encoder}")
        _check_int("Pixels of the schedule", self.pixels, network.inputs)
        for layer in with_mode(network.layers):
            self.layers[layer.name].check(layer)

    def interval(self, network):
        """Return the cycles between two accepted images in steady state."""
        return max(ceil(network.inputs / self.pixels),
                   *(LOWER.of(layer).interval(layer, self.layers[layer.name], width)
                     for layer, width in self.widths(network)))

    def widths(self, network):
        """Return each layer that has a mode, with the bits of the words that come to it."""
        (_, width), found = entry(network, self.pixels), []
        for layer in with_mode(network.layers):
            found.append((layer, width))
            _, gives = LOWER.of(layer).words(layer, self.layers[layer.name], width)
            width = gives * layer.gives.bits
        return found

    def to_json(self):
        """Return the schedule as JSON text, for :func:`read_schedule`."""
        return json.dumps({
            "format": FORMAT,
            "pixels": self.pixels,
            "layers": {name: mode.to_json() for name, mode in self.layers.items()},
        }, indent=2) + "\n"


def read_schedule(text, network):
    """Read a schedule from JSON and check it against a network.

    Raises
    ------
    ValueError
        If the text is no schedule, or not one for this network.
    """
    content = parse_json(text, "Schedule")
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"Schedule must have the format tag {FORMAT!r} (see docs/format.md)")
    layers = content.get("layers")
    if not isinstance(layers, dict) or set(content) != {"format", "pixels", "layers"}:
        raise ValueError("Schedule must have the fields 'format', 'pixels' and 'layers', the last "
                         "one an object by layer (see docs/format.md)")
    kinds = {"wired": Wired, "scheduled": Scheduled}
    modes = {}
    for name, fields in layers.items():
        kind = fields.get("kind") if isinstance(fields, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            raise ValueError(f"Kind of layer {name!r} must be one of {', '.join(kinds)}: {kind!r}")
        try:
            modes[name] = kinds[kind](**{key: fields[key] for key in fields if key != "kind"})
        except TypeError:
            wanted = ", ".join(kinds[kind].__dataclass_fields__)
            raise ValueError(f"Fields of layer {name!r} must be kind, {wanted}: "
                             f"{', '.join(fields)}") from None
    schedule = Schedule(content["pixels"], modes)
    schedule.check(network)
    return schedule


def _check_int(what, value, most, least=1):
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what} must be an integer in {least}..{most}: {value!r}")
