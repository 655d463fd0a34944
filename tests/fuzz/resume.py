"""Target: the state that an interrupted training goes on from."""

import io
import pickle
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from hypothesis import strategies as st

from sw.network import Encoder
from train import bnn_mnist, resume
from train.determinism import deterministic
from train.lookup.recipe import LookupRecipe
from train.recipes import Recipe

from .mutate import NUMBERS, TEXTS, damaged
from .target import Target


START = {"recipe": {"hidden": [3]}, "seed": 1}


# After two of three epochs; of a look-up network also while tables and wires descend.
RECIPES = {
    "resume": Recipe("tiny", (3,), epochs=3, batch=8, augment=0.0),
    "resume-lookup": LookupRecipe.of("x", "lookup 4", epochs=3, rounds=1, batch=8, augment=0.0),
    "resume-rounds": LookupRecipe.of("x", "lookup 4", epochs=1, rounds=2, batch=8, augment=0.0),
}


def _trainer(name):
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (24, 4), generator=generator, dtype=torch.uint8)
    labels = torch.arange(24) % 2
    return bnn_mnist.TRAINERS[type(RECIPES[name])](
        RECIPES[name], Encoder.uniform(4), (images[4:], labels[4:]), (images[:4], labels[:4]), 2,
        seed=1)


@cache
def seed(name):
    """Return the octets of a state after two epochs of a training."""
    states = []
    with TemporaryDirectory() as folder, deterministic():
        path = Path(folder) / "x.resume.pt"

        def save(state):
            if state.epoch == 2:
                resume.save(path, state, START)
                states.append(path.read_bytes())

        _trainer(name).run(on_epoch=save)
    return states[0]


@st.composite
def changed_states(draw, name):
    """States whose parts are others, in an intact file."""
    value = torch.load(io.BytesIO(seed(name)), weights_only=True)
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(value) if isinstance(place[1], (str, int))]
        holder, key = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(["value", "drop", "tensor"]))
        if kind == "value" or (kind == "tensor" and not isinstance(holder[key], torch.Tensor)):
            holder[key] = draw(st.sampled_from([*NUMBERS, *TEXTS[:8], None, [], {}]))
        elif kind == "tensor":
            holder[key] = draw(st.sampled_from([
                holder[key].double(), holder[key].reshape(-1)[:1], holder[key][None],
                holder[key] * float("nan")]))
        elif isinstance(holder, dict):
            del holder[key]
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _places(value):
    items = (list(value.items()) if isinstance(value, dict)
             else list(enumerate(value)) if isinstance(value, list) else [])
    for key, inner in items:
        yield value, key
        yield from _places(inner)


def inputs(name, kept):
    foreign = [pickle.dumps({"format": resume.FORMAT}), pickle.dumps([1, 2, 3], 2)]
    return st.one_of(damaged([seed(name), *kept]), changed_states(name), damaged(foreign))


def read(name, path):
    """Load a state and go on from it."""
    with deterministic():
        trainer = _trainer(name)
        trainer.restore(resume.load(path, START))
    return trainer


def holds(trainer, path):
    """The rest of the training runs."""
    with deterministic():
        trainer.run(on_epoch=lambda state: None)
    assert trainer.state.epoch >= trainer.state.epochs
    trainer.use_best()
    assert set(trainer.state.best) == set(trainer.network.state_dict())


TARGETS = [Target(name, "x.resume.pt", partial(read, name), partial(inputs, name), holds)
           for name in RECIPES]
