"""Target: the board's end of the link, its RTL compiled by Verilator, against the host's."""

import subprocess
from functools import cache
from pathlib import Path

import numpy as np

from hw.serial.framing import Deframer
from hw.synthesis.verilog import to_verilog
from sim.model.verilator import compile_model
from sw.line import protocol

from .link import frames_inputs
from .target import Target


FOLDER = Path("build/fuzz/model").resolve()
MAIN = Path(__file__).with_suffix(".cpp")


@cache
def model():
    """Return the compiled design."""
    return compile_model(to_verilog(Deframer()), "top", MAIN.read_text(encoding="utf-8"), FOLDER,
                         optimize="-O0")


def run(words, folder):
    """Return the frames, (type, sequence, payload), that the RTL finds in words of the line."""
    line, events = Path(folder) / "words", Path(folder) / "events"
    np.asarray(words, "<u2").tofile(line)
    done = subprocess.run([model(), line, events], check=False, timeout=60)
    assert done.returncode == 0, f"the RTL must not wedge: {done.returncode}"
    found, body = [], bytearray()
    for event in events.read_text(encoding="utf-8").splitlines():
        kind, _, value = event.partition(" ")
        if kind == "o":
            body.append(int(value, 16))
        else:
            if value == "1" and protocol.HEADER + protocol.TRAILER <= len(body):
                found.append((body[0], body[1], bytes(body[2:-protocol.TRAILER])))
            body.clear()
    return found


def read(path):
    return run(np.frombuffer(path.read_bytes(), np.uint8), path.parent)


def holds(found, path):
    """Board and host see the same; an octet with an error spoils no frame but its own."""
    octets = path.read_bytes()
    expected = [(frame.type, frame.sequence, frame.payload)
                for frame in protocol.Deframer().feed(octets)]
    assert found == expected
    words = np.frombuffer(octets + b"\x7e", np.uint8).astype(np.uint16)
    at = len(octets) // 2
    words[at] |= 0x100
    before, after = octets[:at].rpartition(b"\x7e"), octets[at + 1:].partition(b"\x7e")
    clean = b"".join((*before[:2], *after[1:], b"\x7e"))
    assert run(words, path.parent) == [
        (frame.type, frame.sequence, frame.payload)
        for frame in protocol.Deframer().feed(clean)]


TARGETS = [Target("board", "line", read, frames_inputs, holds)]
