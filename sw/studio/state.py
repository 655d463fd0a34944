"""State of the studio: projects and their jobs, which are all in files."""

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ..data.known import KNOWN
from ..jobs.job import Jobs
from ..line.boards import Boards
from ..store.files import read_json, write_text
from . import answer, step, upload
from .estimator import Estimator
from .project import Projects


ENDING, POLL = 10.0, 0.1  # s that jobs may take to end, and between two looks


def content(path):
    """Return what a JSON file holds; None if there is no such file."""
    with suppress(OSError, ValueError):
        return read_json(path)


class Studio:
    """Projects in a folder, and the processes that work for them."""

    def __init__(self, folder):
        self.projects = Projects(folder)
        self.estimator = Estimator()
        self.boards = Boards()
        self._jobs = {}

    def jobs(self, project):
        """Return the jobs of a project."""
        return self._jobs.setdefault(project.name, Jobs(project.folder / "jobs"))

    def start(self, project, kind, run=None):
        """Start a job; a training without a run gets a new one."""
        if kind == "train":
            run = run or f"run{max([0, *(int(name[3:]) for name in project.runs())]) + 1}"
            about = project.folder / run / "run.json"
            if not about.exists():
                write_text(about, json.dumps({
                    "network": project.choices["network"], "seconds": project.choices["seconds"],
                    "seed": int(run[3:])}) + "\n")
            project.change(run=run)
        run = run or project.run
        if kind == "program":
            self.boards.close()
        return self.jobs(project).start(kind, run, step.commands(kind, project, run),
                                        answer.identity_of(project.network(run)))

    def current(self, project, job):
        """Whether a job has worked on the network and board that are chosen now."""
        kind, run, now = job.kind, job.about["run"], None
        with suppress(OSError, ValueError, LookupError):
            now = step.commands(kind, project, run), answer.identity_of(project.network(run))
        return kind in step.OF_DATA or (job.about["commands"], job.about.get("network")) == now

    def stop(self, project, job):
        """Ask a job to end; the port of a virtual board is closed."""
        if job.kind == step.VIRTUAL:
            self.boards.close(str(step.port(project, job.about["run"])))
        job.stop()

    def remove(self, project):
        """Stop the jobs of a project, close the boards' ports, and remove its folder."""
        project.change(auto=False)
        jobs = self._jobs.pop(project.name, Jobs(project.folder / "jobs")).all()
        for job in jobs:
            self.stop(project, job)
        end = time.monotonic() + ENDING
        while running := [job for job in jobs if job.state == "running"]:
            if time.monotonic() > end:
                for job in running:
                    job.kill()
            time.sleep(POLL)
        self.boards.close()
        shutil.rmtree(project.folder, ignore_errors=True)

    def overview(self):
        """Return what the first page shows, a dict for JSON: datasets, and all projects."""
        def trained(project):
            return content(project.folder / project.run / f"{project.run}.json")

        return {"datasets": sorted(KNOWN), "projects": [{
            "name": project.name, **project.choices,
            "labels": (content(project.folder / "data.json") or {}).get("labels", []),
            "accuracy": (trained(project) or {}).get("test_accuracy"),
            "busy": any(job.state == "running" for job in self.jobs(project).all())}
            for project in self.projects.all()]}

    def advance(self):
        """Start the next job of each project that goes all the way; close ports nobody uses."""
        self.boards.close_idle()
        for project in self.projects.all():
            if project.choices.get("auto"):
                self._advance(project)

    def _advance(self, project):
        jobs = self.jobs(project)
        for kind in step.WAY:
            run = None if kind == "data" else project.run
            last = jobs.last(kind, run)
            if last is None or (last.state == "done" and not self.current(project, last)):
                if kind == "train" and "network" not in project.choices:
                    return  # the default is chosen once the data is known
                self.start(project, kind, project.run if kind != "train" else None)
                return
            state = last.state
            if kind == step.VIRTUAL or state not in ("running", "done"):
                break
            if state == "running":
                return
        project.change(auto=False)

    def snapshot(self, project):
        """Return all that the page shows of a project, a dict for JSON."""
        run, runs = project.run, []
        for name in project.runs():
            trained = content(project.folder / name / f"{name}.json")
            runs.append({
                "name": name, **(content(project.folder / name / "run.json") or {}),
                "trained": trained and {key: trained.get(key) for key in (
                    "test_accuracy", "confusion", "history")},
                "compared": bool(trained and step.sizes(trained)),
                "identity": answer.identity_of(project.network(name))})
        known = step.files(project, run)
        return {
            "name": project.name, "choices": project.choices, "run": run, "runs": runs,
            "data": content(project.folder / "data.json"), "uploaded": upload.counts(project),
            "rate": upload.rate(project),
            "evaluation": content(known.get("evaluation.json", Path("none"))),
            "report": content(known.get("report.json", Path("none"))), "files": sorted(known),
            "jobs": [{**job.summary(), "current": self.current(project, job)}
                     for job in self.jobs(project).all()]}
