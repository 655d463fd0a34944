"""Workers that share a database: one is killed, none of its work is lost or counted twice."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import combinations

import optuna
import pytest

from sw.share import store
from tests.postgres import needed, server
from tests.train.search.toy import table
from train.search import __main__ as search


TRIALS = 5
BEAT = 1    # seconds between two signs of life
WAIT = 400  # seconds that a worker may take on a busy machine


@pytest.fixture
def database():
    with server() as (url, stop):
        yield url, stop


def words(tmp_path, url, *more):
    return ["--board", "icebreaker", "--dataset", str(tmp_path / "toy.csv"), "--families", "dense",
            "--name", "shared", "--storage", url, "--artefacts", str(tmp_path / "networks"),
            "--trials", str(TRIALS), "--full", "1", "--no-build", "--heartbeat", str(BEAT), *more]


@contextmanager
def worker(tmp_path, url, name, *more):
    """Start a worker, and end it at the end at the latest."""
    command = [sys.executable, "-m", "train.search",
               *words(tmp_path, url, "--output", str(tmp_path / name), *more)]
    with open(tmp_path / f"{name}.log", "w") as log, subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={
                **os.environ, "THRESHER_QUIET": "1", "OMP_NUM_THREADS": "1"}) as process:
        try:
            yield process
        finally:
            process.kill()


def begun(storage):
    """Return the study once a worker has made it."""
    end = time.monotonic() + WAIT
    while "shared" not in optuna.get_all_study_names(storage):
        assert time.monotonic() < end
        time.sleep(0.2)
    return optuna.load_study(study_name="shared", storage=storage)


def running(study, process):
    """Return the trials of a worker that are trained now."""
    return [trial for trial in study.get_trials(deepcopy=False,
                                                states=(optuna.trial.TrialState.RUNNING,))
            if trial.user_attrs.get("worker", "").endswith(f":{process.pid}")
            and "size" in trial.user_attrs]


def killed_at_work(study, process, seconds=WAIT):
    """Kill a worker while it is at a trial; return the number of the trial."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if running(study, process):
            os.kill(process.pid, signal.SIGSTOP)  # so that the trial cannot end meanwhile
            if found := running(study, process):
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                return found[0].number
            os.kill(process.pid, signal.SIGCONT)
        assert process.poll() is None
        time.sleep(0.02)
    raise AssertionError("the worker was at no trial")


@needed
def test_a_killed_worker_loses_nothing(tmp_path, database):
    url, _ = database
    table(tmp_path / "toy.csv")
    storage = store.Store(tmp_path / "look", "shared", url).storage
    with worker(tmp_path, url, "first", "--time", "20m", "--epochs", "200") as first:
        study = begun(storage)
        dead = killed_at_work(study, first)
    with worker(tmp_path, url, "second", "--time", "20m", "--epochs", "200") as second:
        assert second.wait(WAIT) == 0, (tmp_path / "second.log").read_text()
    trials = study.get_trials(deepcopy=False)
    again = [trial for trial in trials if trial.user_attrs.get("again") == dead]
    assert trials[dead].state == optuna.trial.TrialState.FAIL
    assert [trial.state in store.OVER for trial in again] == [True]
    assert again[0].params == trials[dead].params
    assert sum(trial.state in store.OVER for trial in trials) == TRIALS
    fulls = optuna.load_study(study_name="shared/full", storage=storage)
    names = [trial.user_attrs["result"]["name"] for trial in store.ended(fulls)]
    assert len(names) == len(set(names)) in (4, 6)  # of the best one and the default recipe
    for name in names:
        assert (tmp_path / "networks" / name / f"{name}.net.npz").exists()
    report = json.loads((tmp_path / "second" / "search.json").read_text())
    assert report["networks"][0]["seeds"] == [1, 2, 3]


def overlapping(trials):
    """Return pairs of trials of two workers that were at work at the same time."""
    spans = [(trial.datetime_start, trial.datetime_complete, trial.user_attrs["worker"])
             for trial in trials]
    return [(first, second) for first, second in combinations(spans, 2)
            if first[2] != second[2] and first[0] < second[1] and second[0] < first[1]]


@needed
def test_two_workers_share_trials_at_the_same_time(tmp_path, database):
    url, _ = database
    table(tmp_path / "toy.csv")
    storage = store.Store(tmp_path / "look", "shared", url).storage
    more = ("--time", "20m", "--epochs", "150", "--heartbeat", "60")
    with worker(tmp_path, url, "first", *more) as first, \
            worker(tmp_path, url, "second", *more) as second:
        for name, process in (("first", first), ("second", second)):
            assert process.wait(WAIT) == 0, (tmp_path / f"{name}.log").read_text()
    study = begun(storage)
    over = [trial for trial in study.get_trials(deepcopy=False) if trial.state in store.OVER]
    assert len(over) == len(store.ended(study)) == TRIALS
    assert {trial.user_attrs["worker"].partition(":")[2] for trial in over} == {
        str(first.pid), str(second.pid)}
    assert overlapping(over)
    fulls = optuna.load_study(study_name="shared/full", storage=storage)
    keys = [trial.user_attrs["key"] for trial in fulls.get_trials(deepcopy=False)
            if trial.state in store.OVER]
    assert len(keys) == len(set(keys))
    reports = [json.loads((tmp_path / name / "search.json").read_text())
               for name in ("first", "second")]
    assert reports[0]["trials"] == reports[1]["trials"]
    assert reports[0]["networks"] == reports[1]["networks"]
    assert reports[0]["networks"][0]["seeds"] == [1, 2, 3]


@needed
def test_a_database_that_is_down_is_named_without_its_password(tmp_path, database, capsys):
    url, stop = database
    table(tmp_path / "toy.csv")
    stop()
    secret = url.replace("thresher@", "thresher:secret@")
    with pytest.raises(ValueError, match=r"^Storage postgresql://thresher:\*\*\*@/postgres\?.* "
                                         r"must answer: .* \(start it, free its disk, or check the "
                                         r"address; all that it has stays\)$"):
        search.main(words(tmp_path, secret, "--output", str(tmp_path / "out"), "--time", "1m"))
