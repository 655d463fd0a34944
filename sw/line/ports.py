"""Finds boards: asks each serial port, and each virtual board of this folder, what answers."""

import fcntl
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from . import client as clients
from .protocol import BAUDS, Info, ProtocolError
from .serialport import SerialPort


VIRTUAL = Path("build/virtual")  # where sim.virtual makes its links, in the current folder
ATTEMPTS = 2
PATIENCE = 0.4  # s that a board may be silent


@dataclass(frozen=True)
class Candidate:
    """A port behind which a board may be.

    Attributes
    ----------
    path : str
        Device, or the link of a virtual board.
    about : str
        The device's description of itself.
    reason : str
        Why the port is not asked; empty if it is.
    virtual : bool
        Whether a virtual board runs there, at any rate and at its own speed.
    """

    path: str
    about: str = ""
    reason: str = ""
    virtual: bool = False


@dataclass(frozen=True)
class Found:
    """Answer at a port: the board's ``info`` and its rate in ``baud``, or a ``reason``."""

    candidate: Candidate
    info: Info | None = None
    baud: int | None = None
    reason: str = ""

    def text(self):
        """Return what answers, for people."""
        if self.info is None:
            return self.reason
        return f"board {self.info.board!r} with network {self.info.identity[:12]}"


def candidates(folder=VIRTUAL):
    """Return the ports of this computer, and the virtual boards that run in ``folder``."""
    return [*_serial(), *_virtual(folder)]


def survey(baud=None, folder=VIRTUAL):
    """Ask all candidates at once; return a list of :class:`Found`."""
    asked = candidates(folder)
    with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
        return list(pool.map(lambda candidate: ask(candidate, baud), asked))


def ask(candidate, baud=None):
    """Ask one port what it is; with little patience, unless a board is known to be there."""
    if candidate.reason:
        return Found(candidate, reason=candidate.reason)
    bounds = {} if candidate.virtual else {"attempts": ATTEMPTS, "patience": PATIENCE}
    failure = ""
    for rate in (baud,) if baud else BAUDS[:1] if candidate.virtual else BAUDS:
        try:
            with SerialPort(candidate.path, rate) as port:
                return Found(candidate, clients.Client(port, **bounds).info, rate)
        except ProtocolError as error:
            failure = str(error)
            if failure.startswith("Port "):  # it cannot be opened, at any rate
                return Found(candidate, reason=_short(failure))
    return Found(candidate, reason=_short(failure))


def only(baud=None, folder=VIRTUAL):
    """Return the one port that a board answers at.

    Returns
    -------
    Found

    Raises
    ------
    ProtocolError
        If no board answers, or several do. All ports are then listed on stderr.
    """
    found = survey(baud, folder)
    boards = [entry for entry in found if entry.info is not None]
    if len(boards) == 1:
        return boards[0]
    for line in table(found):
        print(line, file=sys.stderr)
    if boards:
        raise ProtocolError(f"Port must be given: {len(boards)} boards answer (such as --port "
                            f"{boards[0].candidate.path})")
    raise ProtocolError("Port must be that of a board: none answers (plug a board in, start one "
                        "with 'make virtual', or name the port with --port)")


def table(found):
    """Yield lines that say what answers at each port."""
    if not found:
        yield f"no USB serial ports, and no virtual board in {VIRTUAL}"
        return
    width = max(len("port"), *(len(entry.candidate.path) for entry in found))
    yield f"{'port':<{width}}  what answers"
    for entry in found:
        about = f" ({entry.candidate.about})" if entry.candidate.about else ""
        yield f"{entry.candidate.path:<{width}}  {entry.text()}{about}"


def _serial():
    for port in sorted(list_ports.comports(), key=lambda port: port.device):
        about = port.description if port.description not in (None, "n/a") else ""
        if port.vid is None:  # Bluetooth, a PC's own ports: a board is behind USB
            yield Candidate(port.device, about, "not asked, as it is not USB (name it with --port)")
        elif _opened(port.device):
            yield Candidate(port.device, about, "not asked, as another program has it open")
        else:
            yield Candidate(port.device, about)


def _opened(device):
    """Return whether another process of this user has a device open (Linux; else False)."""
    own = str(os.getpid())
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == own:
            continue
        try:
            if any(os.readlink(entry) == device for entry in (process / "fd").iterdir()):
                return True
        except OSError:
            continue
    return False


def _virtual(folder):
    """Yield the links of virtual boards; a link without a running board is not asked."""
    if not folder.is_dir():
        return
    for link in sorted(folder.iterdir()):
        if not link.is_symlink():
            continue
        running = _locked(link.with_name(f".{link.name}.lock"))
        yield Candidate(str(link), "virtual", "" if running else "its virtual board has stopped",
                        virtual=True)


def _locked(path):
    """Return whether another process holds a file locked."""
    try:
        with open(path, encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _short(message):
    """Return the part of a message between its constraint and its way out."""
    _, _, reason = message.partition(": ")
    return reason.split(" (")[0] or message
