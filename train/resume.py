"""The file that an interrupted training goes on from: its state and what it was started with."""

import pickle
import zipfile

import torch

from sw.files import replacing

from .loop import State


FORMAT = "thresher-resume/1"


def save(path, state, start):
    """Write a state and ``start``, the settings it belongs to (a dict that JSON can hold)."""
    with replacing(path) as temporary:
        torch.save({"format": FORMAT, "start": start, "state": vars(state)}, temporary)


def load(path, start):
    """Read the state that was saved with the same settings."""
    try:
        saved = torch.load(path, weights_only=True)
    except FileNotFoundError:
        raise ValueError(f"Training to resume must have left {path}: there is no such file (it is "
                         f"removed when a training is complete; leave --resume out)") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, zipfile.BadZipFile) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} must be the state of a training: {reason} (remove it and train "
                         f"again)") from None
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"{path} must be the state of a training ({FORMAT}) (remove it and train "
                         f"again)")
    for name, value in start.items():
        if saved["start"].get(name) != value:
            raise ValueError(f"Training to resume must have the same settings: {name} was "
                             f"{saved['start'].get(name)}, now {value}")
    return State(**saved["state"])
