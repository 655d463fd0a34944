"""Layers of a float network as a text: ``conv 20 5x5 valid, pool, dense 500, scores``."""

import re
from dataclasses import dataclass


FORM = ("'conv NEURONS [RxC] [stride N] [valid] [norm] [linear] [nobias]', 'pool [N]', 'mean', "
        "'drop SHARE', 'dense NEURONS [norm] [linear] [nobias]' or 'scores'")
NEURONS_LIMIT = 2**14
WEIGHTS_LIMIT = 2**26  # of a network: 256 MiB of float32
_OPTION = re.compile(r"(?P<rows>\d{1,2})x(?P<columns>\d{1,2})|stride (?P<stride>\d)"
                     r"|(?P<valid>valid)|(?P<norm>norm)|(?P<linear>linear)|(?P<nobias>nobias)")
_FLAGS = ("valid", "norm", "linear", "nobias")
_ALLOWED = {"conv": {"rows", "columns", "stride", *_FLAGS},
            "dense": {"norm", "linear", "nobias"}, "scores": set()}


@dataclass(frozen=True)
class Part:
    """Layer of a text.

    Attributes
    ----------
    kind : str
        ``conv``, ``dense``, ``scores``, ``pool``, ``mean`` or ``drop``.
    neurons : int
        Channels or neurons; 0 for the number of classes.
    rows, columns, stride : int
        Kernel of a convolution and its stride; a pool's ``rows`` are its columns and stride too.
    valid, norm, linear, nobias : bool
        No padding; BatchNorm behind the products; no ReLU; no bias.
    share : float
        Inputs that dropout clears.
    """

    kind: str
    neurons: int = 0
    rows: int = 3
    columns: int = 3
    stride: int = 1
    valid: bool = False
    norm: bool = False
    linear: bool = False
    nobias: bool = False
    share: float = 0.0


def parse(text):
    """Return the layers of a text, a tuple of :class:`Part`."""
    parts = tuple(_part(part.split()) for part in text.split(","))
    if parts[-1].kind != "scores" or any(part.kind == "scores" for part in parts[:-1]):
        raise ValueError(f"Layers must end with 'scores', once: {text}")
    return parts


def _part(words):
    kind, rest = (words[0], words[1:]) if words else ("", [])
    part = " ".join(words)
    if kind == "pool" and len(rest) <= 1:
        size = _number(rest[0] if rest else "2", part, 2, 8)
        return Part("pool", rows=size, columns=size, stride=size)
    if kind == "mean" and not rest:
        return Part("mean")
    if kind == "drop" and len(rest) == 1 and re.fullmatch(r"0?\.\d{1,6}", rest[0]):
        return Part("drop", share=float(rest[0]))
    if kind not in _ALLOWED or (kind != "scores" and not rest):
        raise ValueError(f"Layer must be {FORM}: {part!r}")
    neurons = 0 if kind == "scores" else _number(rest.pop(0), part, 1, NEURONS_LIMIT)
    options, left = {}, " ".join(rest)
    while left:
        found = _OPTION.match(left)
        given = {name: value for name, value in found.groupdict().items() if value} if found else {}
        if not given or not set(given) <= _ALLOWED[kind] or left[found.end():][:1].strip():
            raise ValueError(f"Layer must be {FORM}: {part!r}")
        options |= {name: True if name in _FLAGS else _number(value, part, 1, 15)
                    for name, value in given.items()}
        left = left[found.end():].strip()
    return Part(kind, neurons, **options)


def _number(text, part, low, high):
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"Number in layer {part!r} must be in {low}..{high}: {text}")
    return int(text)
