"""train.determinism: settings of PyTorch after a training are those of before."""

import threading

import numpy as np
import pytest
import torch
from torch.utils import deterministic as memory

from sw import checkpoint as checkpoints
from train import activations, bnn_mnist, teacher

from ..networks import random_checkpoint, random_images


BEFORE = (2, False, True)


def settings():
    """Return the process's settings: threads, deterministic algorithms, filled memory."""
    return (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(),
            memory.fill_uninitialized_memory)


@pytest.fixture(autouse=True)
def other_settings():
    """Set what no training sets; whatever a test leaves is undone."""
    kept = settings()
    torch.set_num_threads(BEFORE[0])
    yield
    torch.set_num_threads(kept[0])
    torch.use_deterministic_algorithms(kept[1])
    memory.fill_uninitialized_memory = kept[2]


@pytest.fixture
def arguments(tmp_path):
    random = np.random.default_rng(4)
    images, labels = random.integers(0, 256, (60, 6, 6)).astype(np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "rows.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return ["--dataset", str(tmp_path / "rows.npz"), "--output", str(tmp_path / "out"),
            "--hidden", "12", "--epochs", "2", "--batch", "20"]


@pytest.mark.parametrize("others", [[], ["--synapses", "9,9", "--distill", "0.5"]],
                         ids=["alone", "with a teacher"])
def test_a_training_restores_the_settings(arguments, others, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "FOLDER", tmp_path / "teachers")
    drawn = torch.get_rng_state()
    assert bnn_mnist.main([*arguments, *others]) == 0
    assert settings() == BEFORE
    assert torch.equal(torch.get_rng_state(), drawn)


def test_threads_started_after_a_training_have_the_settings_of_before(arguments):
    assert bnn_mnist.main(arguments) == 0
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert seen == [BEFORE[0]]


def test_a_training_that_fails_restores_the_settings(arguments, monkeypatch):
    seen = []

    def fail(*_):
        seen.append(settings())
        raise ValueError("no")

    monkeypatch.setattr(bnn_mnist, "_run", fail)
    with pytest.raises(ValueError, match=r"^no$"):
        bnn_mnist.main(arguments)
    assert seen == [(1, True, False)]
    assert settings() == BEFORE


def test_activations_restore_the_settings(tmp_path):
    random = np.random.default_rng(3)
    checkpoint = random_checkpoint(random, [12, 7, 3])
    checkpoints.save(tmp_path / "x.ckpt.npz", checkpoint)
    np.savez(tmp_path / "images.npz", images=random_images(random, 5, checkpoint))
    activations.main([str(tmp_path / "x.ckpt.npz"), str(tmp_path / "images.npz"), "-o",
                      str(tmp_path / "out.npz")])
    assert settings() == BEFORE
