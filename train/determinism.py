"""Settings of PyTorch for a block of code that make results depend on the seed alone."""

from contextlib import contextmanager

import torch
from torch.utils import deterministic as memory


@contextmanager
def one_thread():
    """Compute with one thread in a block, so that sums do not depend on the number of cores.

    PyTorch has one number of threads for the process, so threads that start while the block runs
    have the setting too. Blocks of two threads at the same time must not overlap.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def fast():
    """Compute on a GPU as fast as possible in a block: equal seeds give other bits each time."""
    if not torch.cuda.is_available():
        raise ValueError("Device must be cpu where PyTorch sees no GPU: cuda")
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


@contextmanager
def deterministic():
    """Make results depend on the seed alone inside a block: one thread, deterministic algorithms.

    The earlier settings are restored after the block. They are settings of the process, so other
    threads have those of the block while it runs, and blocks of two threads must not overlap.
    """
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = memory.fill_uninitialized_memory
    with one_thread():
        try:
            torch.use_deterministic_algorithms(True)
            memory.fill_uninitialized_memory = False  # nothing here reads uninitialized memory
            yield
        finally:
            torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
            memory.fill_uninitialized_memory = filled
