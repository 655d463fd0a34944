"""State of a training at the end of an epoch, and the checks of a state that comes from a file."""

from copy import deepcopy
from dataclasses import dataclass, field
from math import inf

import torch


@dataclass
class State:
    """State of a training at the end of an epoch, on which the rest of the training depends.

    Attributes
    ----------
    epoch, epochs : int
        Epochs done and planned; a time limit can shorten the plan.
    seconds : float
        Time spent so far.
    history : list of dict
        Loss, training accuracy and validation accuracy (percent) of each epoch.
    best_epoch : int
        Epoch of ``best``, counted from 1; 0 for none.
    best : dict
        Parameters of the best epoch.
    """

    epochs: int
    epoch: int = 0
    seconds: float = 0.0
    history: list = field(default_factory=list)
    best_epoch: int = 0
    best: dict = field(default_factory=dict)
    network: dict = field(default_factory=dict)
    optimizer: dict = field(default_factory=dict)


def check_tensors(tensors, expected):
    """Raise ValueError unless tensors have the names and types of others, and are finite."""
    if set(tensors) != set(expected):
        raise ValueError(f"its tensors are {', '.join(map(str, tensors))}")
    for name, tensor in tensors.items():
        if tensor.dtype != expected[name].dtype or not torch.isfinite(tensor).all():
            raise ValueError(f"{name} is {tensor.dtype}, or not finite")


def check_moments(state, optimizer):
    """Raise ValueError unless a state fits an optimizer, which would crash on another one."""
    (given,), (own,) = state["param_groups"], optimizer.state_dict()["param_groups"]
    if {**given, "lr": 0} != {**own, "lr": 0} or not 0 <= given["lr"] < inf:
        raise ValueError("Adam had other settings")
    parameters = optimizer.param_groups[0]["params"]
    if not set(state["state"]) <= set(range(len(parameters))):
        raise ValueError("Adam had other parameters")
    for index, moments in state["state"].items():
        shapes = {"step": (), "exp_avg": parameters[index].shape,
                  "exp_avg_sq": parameters[index].shape}
        if {name: tuple(moment.shape) for name, moment in moments.items()} != {
                name: tuple(shape) for name, shape in shapes.items()}:
            raise ValueError(f"Adam's moments of parameter {index} have other shapes")
        check_tensors(moments, dict.fromkeys(moments, torch.zeros(())))


def copy(tensors):
    """Return copies of named tensors, in the processor's memory."""
    return {name: value.detach().to("cpu", copy=True) for name, value in tensors.items()}


def moments(optimizer):
    """Return a copy of an optimizer's state, in the processor's memory."""
    state = optimizer.state_dict()
    return {"state": {index: copy(values) for index, values in state["state"].items()},
            "param_groups": deepcopy(state["param_groups"])}
