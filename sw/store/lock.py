"""Locks between runs that would write the same files; a killed run leaves no lock behind."""

import fcntl
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path


def hold(path):
    """Lock an existing file or folder; return its descriptor, or None if another run holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def alone(path, what, *, wait=False):
    """Let no other run into the block at the same time.

    Parameters
    ----------
    path : path-like
        File to lock. The block creates and removes it.
    what : str
        Work that must not mix, for the message: ``"Build in build/ulx3s"``.
    wait : bool
        Wait for the other run instead of refusing.

    Raises
    ------
    ValueError
        If another run is in such a block with the same path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _taken(path, what, wait)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _taken(path, what, wait):
    """Return the descriptor of the locked file; lock anew if another run removed the file."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                os.close(descriptor)
                raise ValueError(f"{what} must be one at a time: another run is at it (wait for "
                                 f"it, or choose another folder)") from None
            print(f"{what}: waiting for another run", file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor
        except FileNotFoundError:  # the run that held it removed it meanwhile
            pass
        os.close(descriptor)


@contextmanager
def scratch(folder, prefix):
    """Give a new folder in ``folder`` and remove it at the end, and those of killed runs."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{prefix}*"):
        if left.is_dir() and (held := hold(left)):
            shutil.rmtree(left, ignore_errors=True)
            os.close(held)
    made, held = _create_held(folder, prefix)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(held)


def _create_held(folder, prefix):
    """Return a new folder in ``folder``, and a descriptor that locks it."""
    while True:
        made = Path(tempfile.mkdtemp(dir=folder, prefix=prefix))
        try:
            held = os.open(made, os.O_RDONLY)
        except FileNotFoundError:  # another run removed it before it was locked
            continue
        fcntl.flock(held, fcntl.LOCK_EX)
        if made.exists():
            return made, held
        os.close(held)
