"""sw.studio.step, state: commands of each button, what is taken away, and all the way."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from sw import network as networks
from sw.artefact import artefact
from sw.studio import __main__ as main
from sw.studio import state, step
from sw.studio.project import Projects


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Projects("studio").create("mnist", "icebreaker")
    made.change(network={"recipe": "tfc"}, run="run1")
    (made.folder / "run1").mkdir()
    (made.folder / "run1" / "run.json").write_text(json.dumps(
        {"network": {"hidden": [16, 8]}, "seconds": 30, "seed": 1}))
    return made


def shown(kind, project):
    return [" ".join(words[2:-2]) for words in step.commands(kind, project, "run1")]


def test_commands_are_those_of_the_command_line(project):
    folder = "studio/mnist-1"
    assert shown("data", project) == [f"sw.data mnist --json {folder}/data.json"]
    assert shown("train", project) == [
        f"train.bnn_mnist --dataset mnist --hidden 16,8 --seed 1 --time-limit 30 --name run1 "
        f"--output {folder}/run1 --errors {folder}/run1/errors.png",
        f"sw.fold {folder}/run1/run1.ckpt.npz", f"sw.evaluate {folder}/run1/run1.net.npz"]
    project.change(rate=1000)
    assert shown("build", project) == [
        f"boards.build icebreaker {folder}/run1/run1.net.npz --images-per-second 1000 --output "
        f"{folder}/run1/built --reuse"]


def test_a_board_of_ones_own_is_named_by_its_part(project):
    project.change(board="ice40up5k-sg48", part={
        "device": "iCE40UP5K", "package": "SG48", "clock_pin": "35", "clock_mhz": "12",
        "rx_pin": "6", "tx_pin": "9", "leds": ""})
    part = ("--device iCE40UP5K --package SG48 --clock-pin 35 --clock-mhz 12 --rx-pin 6 "
            "--tx-pin 9")
    net = "studio/mnist-1/run1/run1.net.npz"
    assert shown("build", project) == [
        f"boards.build {part} {net} --output studio/mnist-1/run1/built --reuse"]
    assert shown("simulate", project)[0].startswith(f"sim.full {net} {part} --limit 200 ")
    assert shown("verilog", project)[0].startswith(f"hw.generate {net} --device iCE40UP5K -o ")


def test_a_comparison_is_of_the_dense_layers_of_a_run(project):
    record = project.folder / "run1" / "run1.json"
    record.write_text(json.dumps({"recipe": {"hidden": [300, 64]}, "seed": 3}))
    first, *others = shown("compress", project)
    made = "studio/mnist-1/run1/compressed"
    assert first == (f"train.bnn_mnist --float --dataset mnist --network dense 256, dense 64, "
                     f"scores --seed 3 --name run1 --output {made}")
    assert [line.split()[0] for line in others] == [
        f"train.compress.{name}" for name in ("calibrate", "validate", "binarize", "binarize")]
    record.write_text(json.dumps({"recipe": {"layers": "conv 8, scores"}, "seed": 3}))
    with pytest.raises(ValueError, match=r"^Network must have no convolutions to be compared with "
                                         r"a float one, because look-up tables begin with dense "
                                         r"layers \(train another run\)$"):
        step.commands("compress", project, "run1")
    record.write_text(json.dumps({"recipe": {"layers": [{"neurons": 40}, {"neurons": 300}]},
                                  "seed": 3}))
    assert " --network dense 40, dense 256, scores " in shown("compress", project)[0]


def test_what_is_taken_of_a_picture_is_told_to_all_commands(project):
    project.change(fit="photo")
    assert shown("data", project)[0].startswith("sw.data mnist --photo --json ")
    assert shown("train", project)[0].startswith("train.bnn_mnist --dataset mnist --photo ")
    with pytest.raises(ValueError, match=r"^Choice 'fit' must make sense: "):
        project.change(fit="--output")


def test_a_job_is_of_the_network_board_and_speed_that_it_was_started_with(project):
    studio, net = state.Studio("studio"), project.network("run1")
    net.write_bytes(artefact("icebreaker").read_bytes())
    job = SimpleNamespace(kind="simulate", about={
        "run": "run1", "commands": step.commands("simulate", project, "run1"),
        "network": networks.load(net).identity})
    assert studio.current(project, job)
    for choice, before in (({"board": "ulx3s-85f"}, {"board": "icebreaker"}),
                           ({"rate": 1000}, {"rate": None})):
        project.change(**choice)
        assert not studio.current(project, job)
        project.change(**before)
        assert studio.current(project, job)
    net.unlink()
    net.write_bytes(artefact("tfc").read_bytes())
    assert not studio.current(project, job)


def test_a_stopped_training_goes_on(project):
    (project.folder / "run1" / "run1.resume.pt").touch()
    assert shown("train", project)[0].endswith(" --resume")


def test_an_own_dataset_is_the_table_or_the_pictures(project):
    project.change(dataset="own")
    assert project.dataset == "studio/mnist-1/data"
    project.data.mkdir()
    (project.data / "upload.csv").touch()
    assert project.dataset == "studio/mnist-1/data/upload.csv"


def test_only_what_is_there_can_be_taken_away(project):
    assert step.files(project, "run1") == {}
    built = project.folder / "run1" / "built" / "icebreaker"
    built.mkdir(parents=True)
    (built / "run1.bin").touch()
    assert step.files(project, "run1") == {"bitstream": built / "run1.bin"}
    assert shown("program", project) == [
        f"boards.program icebreaker --bitstream {built}/run1.bin --output {built.parent}"]


class Started:
    """Jobs that do nothing; ``ended`` gives the running one its state."""

    def __init__(self):
        self.jobs = []

    def last(self, kind, run=None):
        return next((job for job in reversed(self.jobs) if job.kind == kind), None)

    def start(self, kind, run, commands, network):
        about = {"run": run, "commands": commands, "network": network}
        self.jobs.append(SimpleNamespace(kind=kind, state="running", about=about))

    def ended(self, how="done"):
        self.jobs[-1].state = how


def test_all_the_way_goes_from_job_to_job(project, monkeypatch):
    studio, jobs = state.Studio("studio"), Started()
    monkeypatch.setattr(studio, "jobs", lambda project: jobs)
    studio.advance()
    assert jobs.jobs == []
    project.change(auto=True)
    for count in range(1, 6):
        studio.advance()
        studio.advance()
        assert len(jobs.jobs) == count
        if count < 5:
            jobs.ended()
    assert [job.kind for job in jobs.jobs] == list(step.WAY)
    studio.advance()
    assert studio.projects.find("mnist-1").choices["auto"] is False


def test_all_the_way_does_again_what_is_of_another_board(project, monkeypatch):
    studio, jobs = state.Studio("studio"), Started()
    monkeypatch.setattr(studio, "jobs", lambda project: jobs)
    for kind in ("data", "train", "simulate"):
        studio.start(project, kind, "run1")
        jobs.ended()
    project.change(board="ulx3s-85f", auto=True)
    studio.advance()
    assert [job.kind for job in jobs.jobs] == ["data", "train", "simulate", "simulate"]


def test_all_the_way_stops_where_something_fails(project, monkeypatch):
    studio, jobs = state.Studio("studio"), Started()
    monkeypatch.setattr(studio, "jobs", lambda project: jobs)
    project.change(auto=True)
    studio.advance()
    jobs.ended("failed")
    studio.advance()
    assert len(jobs.jobs) == 1
    assert studio.projects.find("mnist-1").choices["auto"] is False


def test_the_studio_stays_readable():
    files = [path for path in Path(step.__file__).parent.rglob("*")
             if path.suffix in (".py", ".js", ".css", ".html", ".svg")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 2500


def test_what_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(main, "find_spec", lambda name: None if name == "websockets" else name)
    with pytest.raises(ValueError, match=r"^Studio must have the package websockets: it is not "
                                         r"installed \(pip install 'thresher\[studio\]', or make "
                                         r"studio\)$"):
        main.main(["--folder", str(tmp_path)])
