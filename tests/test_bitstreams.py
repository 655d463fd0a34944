"""The folders that tests share: filled once, whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.bitstreams import Bitstreams


def test_one_of_many_workers_fills_a_folder_and_all_get_it_whole(tmp_path):
    workers, made = Barrier(4), []

    def fill(folder):
        made.append(folder)
        (folder / "first").write_text("whole")
        (folder / "last").write_text("whole")

    def ask(_):
        workers.wait()
        folder = Bitstreams(tmp_path)._once("network", fill)
        return sorted(path.name for path in folder.iterdir())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [["first", "last"]] * 4
    assert len(made) == 1


def test_what_fails_is_tried_again_from_its_start(tmp_path):
    def fail(folder):
        (folder / "half").write_text("")
        raise ValueError("out of luck")

    shared = Bitstreams(tmp_path)
    with pytest.raises(ValueError, match=r"^out of luck$"):
        shared._once("network", fail)
    assert not (tmp_path / "network").exists()
    assert list(shared._once("network", lambda folder: None).iterdir()) == []
