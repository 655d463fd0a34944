"""Settings of every test, what all tests share, and their order."""

import os
import signal

import pytest
from hypothesis import settings

from tests.bitstreams import Bitstreams


settings.register_profile("thresher", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("thresher")

# Shells start background jobs with SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Files of tests that take longest. They start first: at the end, one worker would wait for them.
FIRST = ("test_bench.py", "test_prove.py", "test_end_to_end.py", "test_page.py",
         "test_reproduce.py", "test_build.py", "test_kill.py", "test_soak.py", "test_netlist.py",
         "test_cells.py")


@pytest.fixture(scope="session")
def bitstreams(tmp_path_factory):
    """The network and the two bitstreams that all tests share, see :class:`Bitstreams`."""
    base = tmp_path_factory.getbasetemp()  # of this worker, in that of the run
    return Bitstreams((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared")


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    """Show progress in each test; ``--quiet`` of a test before counts no longer."""
    monkeypatch.setenv("THRESHER_QUIET", "0")


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(FIRST)))
