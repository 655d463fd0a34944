from argparse import Namespace

import pytest

from sw.share import options, work


def done(folder, keys, do, storage=None, **more):
    return work.done({key: {"key": key} for key in keys}, do,
                     Namespace(storage=storage, heartbeat=60), name="jobs", facts={"a": 1},
                     folder=folder, what="Work", **more)


@pytest.fixture(params=["alone", "shared"])
def storage(request, tmp_path):
    return f"sqlite:///{tmp_path / 'jobs.db'}" if request.param == "shared" else None


def test_all_jobs_have_their_results(tmp_path, storage):
    assert done(tmp_path, "ab", lambda spec: spec["key"] * 2, storage) == {"a": "aa", "b": "bb"}


def test_no_more_jobs_are_done_than_wanted(tmp_path, storage):
    made = done(tmp_path, "abc", lambda spec: spec["key"], storage,
                going=lambda results: len(results) < 2)
    assert made == {"a": "a", "b": "b"}


def test_jobs_of_others_are_not_done_again(tmp_path):
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    assert done(tmp_path / "one", "ab", lambda spec: "one", url) == {"a": "one", "b": "one"}
    assert done(tmp_path / "two", "bc", lambda spec: "two", url) == {"b": "one", "c": "two"}


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"^--storage needs the package optuna \(pip install "
                       r"'thresher\[search\]', or pip install optuna sqlalchemy fsspec\)$"):
        done(tmp_path, "a", print, "sqlite:///x.db")
