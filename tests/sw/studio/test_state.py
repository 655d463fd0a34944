"""sw.studio.state: a killed server loses nothing, a removed project leaves nothing."""

import os

from sw.jobs.job import Jobs
from sw.line import boards
from sw.studio import state
from tests.sw.jobs.test_job import SLOW, until

from .server import serving


STUBBORN = ["python", "-u", "-c", "import signal, time\n"
            "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
            "print('{\"event\": \"text\", \"text\": \"begun\"}')\ntime.sleep(60)"]


def test_a_killed_server_loses_nothing(tmp_path):
    with serving(tmp_path) as server:
        server.post("projects", {"dataset": "own"})
        server.post("projects/own-1", {"seconds": 7})
        jobs = Jobs(tmp_path / "own-1" / "jobs")
        job = jobs.start("train", "run1", [SLOW])
        until(lambda: job.summary()["texts"])
        server.kill()
    with serving(tmp_path) as server:
        found = server.get("projects/own-1")
        assert found["choices"]["seconds"] == 7
        assert [(one["kind"], one["state"], one["texts"]) for one in found["jobs"]] == [
            ("train", "running", ["begun"])]
        assert server.post("projects/own-1/stop", {"id": "0001-train"}) == (200, {})
        until(lambda: server.get("projects/own-1")["jobs"][0]["state"] == "stopped")


def test_a_removed_project_ends_its_jobs_and_leaves_its_ports(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "ENDING", 0.5)
    studio = state.Studio(tmp_path)
    project = studio.projects.create("own", "icebreaker")
    project.change(auto=True)
    jobs = studio.jobs(project)
    started = [jobs.start(kind, "run1", [command]) for kind, command in (
        ("virtual", SLOW), ("build", STUBBORN))]
    until(lambda: all(job.summary()["texts"] for job in started))
    processes = [int((job.folder / "pid").read_text()) for job in started]
    closed = []
    studio.boards._open["port"] = Client(closed)
    studio.remove(project)
    assert closed == [True]
    assert studio.boards._open == {}
    assert not project.folder.exists()
    assert studio.overview()["projects"] == []
    until(lambda: all(map(ended, processes)))
    studio.advance()
    assert not project.folder.exists()


def ended(group):
    """Whether no process of a group runs; those that have ended may wait for their parent."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                status, _, own = file.read().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(own) == group and status != "Z":
            return False
    return True


class Client:
    """A client whose port notes that it was closed."""

    def __init__(self, closed):
        self.port = self
        self.close = lambda: closed.append(True)


def test_a_port_that_nobody_asks_is_left_to_others(tmp_path, monkeypatch):
    studio, now, closed = state.Studio(tmp_path), [100.0], []
    monkeypatch.setattr(boards.time, "perf_counter", lambda: now[0])
    studio.boards._open["port"], studio.boards._asked["port"] = Client(closed), now[0]
    for seconds, count in ((boards.IDLE, 0), (1, 1), (1, 1)):
        now[0] += seconds
        studio.advance()
        assert len(closed) == count


def test_a_board_is_loaded_through_a_port_that_is_free(tmp_path, monkeypatch):
    studio, closed = state.Studio(tmp_path), []
    project = studio.projects.create("own", "icebreaker")
    studio.boards._open["port"] = Client(closed)
    monkeypatch.setattr(state.step, "commands", lambda *_: [["python", "-c", ""]])
    job = studio.jobs(project).find(studio.start(project, "program").id)
    assert closed == [True]
    until(lambda: job.state == "done")
