"""The registers of a core on a bus: one table for hardware, maps, headers and documentation."""

from dataclasses import dataclass
from enum import IntEnum
from math import ceil


__all__ = ["ADDRESS_BITS", "MAGIC", "NONE", "SIZE", "WORD", "Address", "Field", "Register",
           "registers", "words_of"]

WORD = 32             # bits of a register, and of a word of pixels
ADDRESS_BITS = 9      # of words
SIZE = 4 << ADDRESS_BITS
MAGIC = int.from_bytes(b"THR1", "little")
NONE = 1 << 31        # bit of LABEL: no answer is there


class Address(IntEnum):
    """Address of each register, in words; that of the first one where there are several."""

    MAGIC = 0
    COMMAND = 1
    STATUS = 2
    INTERRUPT = 3
    PIXELS = 4
    ROOM = 5
    LABEL = 6
    CYCLES = 7
    IDENTITY = 8
    WORDS = 16
    CLASSES = 17
    WEIGHTS = 18
    SCORES = 256


@dataclass(frozen=True)
class Field:
    """Bits of a register: the lowest one, their number, name and meaning."""

    name: str
    bit: int
    text: str
    width: int = 1


@dataclass(frozen=True)
class Register:
    """A register, or ``count`` of them at consecutive words.

    Attributes
    ----------
    name : str
        Name in maps, and in capitals in the C header.
    access : str
        ``"read-only"``, ``"write-only"`` or ``"read-write"``, as in SVD.
    text : str
        Meaning.
    fields : tuple of Field
        Its bits, where they have names.
    count : int
        Number of registers.
    """

    name: str
    access: str
    text: str
    fields: tuple = ()
    count: int = 1

    @property
    def address(self):
        """Address in words."""
        return Address[self.name.upper()]

    @property
    def offset(self):
        """Address in bytes."""
        return 4 * self.address


COMMAND = (
    Field("clear", 0, "Pads an image that is not whole, drops all answers and clears the errors. "
                      "Takes until busy is 0"),
    Field("next", 1, "Drops the oldest answer, so that the next one is shown"),
)
LOAD = Field("load", 2, "Begins a load of weights. Only while busy is 0")
STATUS = (
    Field("answer", 0, "LABEL and SCORES hold an answer"),
    Field("busy", 1, "An image is inside, or its answer, or a part of an image"),
    Field("overrun", 2, "A word of pixels came while there was no room, or while no image is "
                        "taken. It was dropped, and so are all pixels until clear"),
    Field("underrun", 3, "A next came while there was no answer. It did nothing"),
    Field("illegal", 4, "A write did nothing: not of a whole word, to a register that cannot be "
                        "written, or a load while busy"),
    Field("loaded", 5, "The weights are whole and no load is open. Without it no image is taken"),
)
LOADING = (
    Field("loading", 6, "A load is not over: words of weights are taken"),
    Field("refused", 7, "The last load was refused: damaged, or of another shape"),
)


def registers(classes, loads):
    """Return the registers of a core, a tuple in the order of their addresses.

    ``loads`` says whether weights are loaded through the bus.
    """
    rows = (
        Register("magic", "read-only", f"{MAGIC:#010x}, the letters THR1: a core is here"),
        Register("command", "write-only", "What to do, a bit each",
                 (*COMMAND, *((LOAD,) if loads else ()))),
        Register("status", "read-only", "What is, a bit each; errors stay until clear",
                 (*STATUS, *(LOADING if loads else ()))),
        Register("interrupt", "read-write", "Which conditions raise the interrupt line",
                 (Field("answer", 0, "While an answer is there"),
                  Field("error", 1, "While overrun, underrun or illegal is 1"))),
        Register("pixels", "write-only", "The next 32 bits of an image: pixels without gaps, the "
                 "first one lowest. Bits of an image's last word beyond the image are ignored"),
        Register("room", "read-only", "Words of pixels that are taken without an overrun"),
        Register("label", "read-only", "Label of the oldest answer",
                 (Field("label", 0, "The label, 0 if there is no answer", 8),
                  Field("none", 31, "There is no answer"))),
        Register("cycles", "read-only", "Cycles with busy since the last clear"),
        Register("identity", "read-only", "SHA-256 of the network, its first octet lowest; zeros "
                 "while no weights are loaded", count=8),
        Register("words", "read-only", "Words of pixels of an image"),
        Register("classes", "read-only", "Number of classes"),
        Register("weights", "write-only", "The next 32 bits of a load, the first octet lowest"),
        Register("scores", "read-only", "Signed scores of the oldest answer, of each class; 0 if "
                 "there is no answer", count=classes),
    )
    return tuple(row for row in rows if loads or row.name != "weights")


def words_of(network):
    """Return the words of pixels of an image."""
    return ceil(network.inputs * network.pixel_bits / WORD)
