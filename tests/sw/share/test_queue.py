import subprocess
import sys

import pytest
from optuna.trial import TrialState

from sw.share import store
from sw.share.queue import Interrupted, Queue


FACTS = {"data": "abc"}


def fresh(tmp_path):
    return Queue(store.Store(tmp_path, "name"), FACTS, part="/jobs")


def jobs(*keys):
    return {key: {"number": len(key)} for key in keys}


def test_jobs_are_done_once_in_order(tmp_path):
    queue, seen = fresh(tmp_path), []
    queue.put(jobs("a", "bb"))
    queue.put(jobs("bb", "ccc"))
    assert queue.work(lambda spec: seen.append(spec["number"]) or spec["number"] ** 2)
    assert seen == [1, 2, 3]
    assert queue.results() == {"a": 1, "bb": 4, "ccc": 9}
    again = fresh(tmp_path)
    again.put(jobs("a"))
    assert again.work(lambda spec: pytest.fail("it is done"))


def test_an_interrupted_job_waits_for_the_next_worker(tmp_path):
    queue = fresh(tmp_path)
    queue.put(jobs("a", "bb"))

    def stopped(spec):
        raise Interrupted

    assert not queue.work(stopped)
    assert queue.results() == {}
    assert fresh(tmp_path).work(lambda spec: spec["number"])
    assert fresh(tmp_path).results() == {"bb": 2, "a": 1}


def test_the_job_of_a_dead_worker_is_done_by_another(tmp_path):
    queue = fresh(tmp_path)
    queue.put(jobs("a"))
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    host = queue.storage.worker.partition(":")[0]
    queue.study.ask().set_user_attr("worker", f"{host}:{process.pid}")
    assert fresh(tmp_path).work(lambda spec: "done")
    assert queue.results() == {"a": "done"}
    assert [trial.state for trial in queue.study.trials] == [TrialState.FAIL, TrialState.COMPLETE]


def test_a_job_that_two_workers_put_counts_once(tmp_path):
    queue, seen = fresh(tmp_path), []
    for _ in range(2):  # as if both had looked before either put it there
        queue.study.enqueue_trial({}, user_attrs={"key": "a", "spec": {}})
    assert queue.work(lambda spec: seen.append(1))
    assert seen == [1]


def test_a_job_that_failed_may_be_put_again(tmp_path):
    queue = fresh(tmp_path)
    queue.put(jobs("a"))
    with pytest.raises(ValueError, match=r"^the disk is full$"):
        queue.work(lambda spec: (_ for _ in ()).throw(ValueError("the disk is full")))
    queue.put(jobs("a"))
    assert queue.work(lambda spec: "done")
    assert queue.results() == {"a": "done"}


def test_a_worker_that_must_stop_takes_no_job(tmp_path):
    queue = fresh(tmp_path)
    queue.put(jobs("a"))
    assert not queue.work(lambda spec: pytest.fail("it must stop"), going=lambda: False)
