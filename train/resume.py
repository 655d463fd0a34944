"""The file of an interrupted training: its state, and the settings that it was started with."""

import io
import pickle
import zipfile
from dataclasses import fields
from pathlib import Path

import torch

from sw.store.files import write_bytes

from .loop import State


FORMAT = "thresher-resume/1"


def save(path, state, start):
    """Write a state and ``start``, the settings it belongs to (a dict that JSON can hold)."""
    buffer = io.BytesIO()  # because on a full disk torch raises no OSError
    torch.save({"format": FORMAT, "start": start, "state": vars(state)}, buffer)
    write_bytes(path, buffer.getbuffer())


def load(path, start):
    """Read the state that was saved with the same settings."""
    try:
        octets = Path(path).read_bytes()
    except FileNotFoundError:
        raise ValueError(f"Training to resume must have left {path}: there is no such file (it is "
                         f"removed when a training is complete; leave --resume out)") from None
    try:
        saved = _unpack(octets)
        before, state = saved["start"], State(**saved["state"])
        if saved["format"] != FORMAT or not isinstance(before, dict):
            raise ValueError(f"it is no {FORMAT}")
    except _DAMAGE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} must be the state of a training: {reason} (remove it and train "
                         f"again)") from None
    for name, value in start.items():
        if before.get(name) != value:
            raise ValueError(f"Training to resume must have the same settings: {name} was "
                             f"{before.get(name)}, now {value}")
    try:
        _check(state)
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError(f"{path} must be the state of a training: {error} (remove it and train "
                         f"again)") from None
    return state


# Exceptions of zipfile, torch and its unpickler for files that are cut short, changed or foreign.
_DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, OSError, RuntimeError, ValueError,
           TypeError, LookupError, AttributeError, AssertionError, ArithmeticError)


def _unpack(octets):
    """Return the saved object; check the file's checksums first, which torch does not."""
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("its parts are compressed")
        if wrong := archive.testzip():
            raise ValueError(f"{wrong} is damaged")
    return torch.load(io.BytesIO(octets), weights_only=True)


def _check(state):
    """Raise ValueError unless the parts of a state have the right types and fit each other."""
    for field in fields(State):
        value = getattr(state, field.name)
        if not (isinstance(value, field.type)
                or (field.type is float and type(value) is int)) or isinstance(value, bool):
            raise ValueError(f"{field.name} is {type(value).__name__}, not {field.type.__name__}")
    if not (0 < state.epoch <= state.epochs <= 10**6 and len(state.history) == state.epoch
            and 0 < state.best_epoch <= state.epoch and 0 <= state.seconds < 1e9):
        raise ValueError(f"epochs {state.epoch}, {state.best_epoch} of {state.epochs}, history of "
                         f"{len(state.history)}, {state.seconds} s do not go together")
    for entry in state.history:
        numbers = [entry[name] for name in ("loss", "train", "validation", "synapses")]
        if any(type(number) not in (int, float) for number in numbers):
            raise ValueError(f"history must hold numbers: {numbers}")
