"""Commands behind each button of the studio, and the files that they leave."""

from ..store.files import read_json


IMAGES = 200  # test images that the RTL is compared with: more take minutes on large networks


def commands(kind, project, run):
    """Return the commands of a job, lists of words; ``kind`` is a key of :data:`STEPS`."""
    return [["python", "-m", *map(str, words), "--progress", "json"]
            for words in STEPS[kind](project, run)]


def _data(project, run):
    yield "sw.data", project.dataset, "--json", project.folder / "data.json"


def _train(project, run):
    folder = project.folder / run
    about = read_json(folder / "run.json")
    network = about["network"]
    words = (["--network", network["recipe"]] if "recipe" in network else
             ["--hidden", ",".join(map(str, network["hidden"]))])
    resume = ["--resume"] if (folder / f"{run}.resume.pt").exists() else []
    yield ("train.bnn_mnist", "--dataset", project.dataset, *words, "--seed", about["seed"],
           "--time-limit", about["seconds"], "--name", run, "--output", folder, *resume)
    yield "sw.fold", folder / f"{run}.ckpt.npz"
    yield "sw.evaluate", project.network(run)


def _evaluate(project, run):
    yield "sw.evaluate", project.network(run)


def _simulate(project, run):
    yield ("sim.full", project.network(run), "--board", _board(project), "--limit", IMAGES,
           "--output", project.folder / "made")


def _build(project, run):
    yield ("boards.build", _board(project), project.network(run), "--output",
           project.folder / run / "built", "--reuse")


def _virtual(project, run):
    yield ("sim.virtual", _board(project), project.network(run), "--port",
           port(project, run), "--output", project.folder / "made")


def _program(project, run):
    yield ("boards.program", _board(project), "--bitstream", bitstream(project, run), "--output",
           project.folder / run / "built")


def _verilog(project, run):
    yield ("hw.generate", project.network(run), "--board", _board(project), "-o",
           project.folder / run / f"{run}.v")


def _c(project, run):
    yield "sw.c", project.network(run), "-o", project.folder / run / "c", "--check"


def _onnx(project, run):
    yield "sw.exchange", project.network(run), "-o", project.folder / run / f"{run}.onnx"


STEPS = {"data": _data, "train": _train, "evaluate": _evaluate, "simulate": _simulate,
         "build": _build, "virtual": _virtual, "program": _program, "verilog": _verilog, "c": _c,
         "onnx": _onnx}

VIRTUAL = "virtual"  # the job, and the name of its board among the ports

# Jobs of "all the way", each after the one before has ended well.
WAY = ("data", "train", "simulate", "build", "virtual")


def port(project, run):
    """Return the link to the virtual board's pseudo-terminal."""
    return project.folder / run / "virtual"


def _board(project):
    return project.choices["board"]


def bitstream(project, run):
    """Return the path of a run's bitstream; raise ValueError if none was built."""
    folder = project.folder / run / "built" / _board(project)
    for suffix in (".bin", ".bit"):
        if (folder / f"{run}{suffix}").exists():
            return folder / f"{run}{suffix}"
    raise ValueError(f"Bitstream of {run} must be built first: there is none (step Build)")


def files(project, run):
    """Return the files that can be taken away, by name: only these are ever sent."""
    folder, built = project.folder / run, project.folder / run / "built" / _board(project)
    known = {
        "data.json": project.folder / "data.json", "data.png": project.folder / "data.png",
        "network": project.network(run), "checkpoint": folder / f"{run}.ckpt.npz",
        "training.json": folder / f"{run}.json", "evaluation.json": folder / f"{run}.eval.json",
        "curve.png": folder / f"{run}.curve.png", "confusion.png": folder / f"{run}.confusion.png",
        "bitstream": next((built / f"{run}{suffix}" for suffix in (".bin", ".bit")
                           if (built / f"{run}{suffix}").exists()), built / "none"),
        "weights": built / f"{run}.flash.bin", "report.json": built / "report.json",
        "report.txt": built / "report.txt", "resources.png": built / "resources.png",
        "verilog": folder / f"{run}.v", "verilog.json": folder / f"{run}.hw.json",
        "c": folder / "c", "onnx": folder / f"{run}.onnx"}
    return {name: path for name, path in known.items() if path.exists()}
