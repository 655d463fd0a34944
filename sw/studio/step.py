"""Commands behind each button of the studio, and the files that they leave."""

from pathlib import Path

from ..store.files import read_json


IMAGES = 200  # test images that the RTL is compared with: more take minutes on large networks
VIRTUAL = "virtual"  # the job, and the name of its board among the ports
MOST = 256    # neurons of a layer of the float network that is compressed
KINDS = ("data", "train", "compress", "evaluate", "simulate", "build", VIRTUAL, "program",
         "verilog", "c", "onnx")
OF_DATA = ("data", "train")  # jobs that do not depend on a network and a board
WAY = ("data", "train", "simulate", "build", VIRTUAL)  # jobs of "all the way", in order


def commands(kind, project, run):
    """Return the commands of a job, lists of words; ``kind`` is one of :data:`KINDS`."""
    own = {"train": _training, "compress": _compression}
    lines = own[kind](project, run) if kind in own else _others(project, run)[kind]
    return [["python", "-m", *map(str, words), "--progress", "json"] for words in lines]


def _training(project, run):
    """Return the commands of a training, which goes on where it was stopped."""
    folder, about = project.folder / run, read_json(project.folder / run / "run.json")
    network = about["network"]
    layers = (("--network", network["recipe"]) if "recipe" in network else
              ("--hidden", ",".join(map(str, network["hidden"]))))
    resume = ("--resume",) if (folder / f"{run}.resume.pt").exists() else ()
    return [("train.bnn_mnist", "--dataset", *project.source, *layers, "--seed", about["seed"],
             "--time-limit", about["seconds"], "--name", run, "--output", folder,
             "--errors", folder / "errors.png", *resume),
            ("sw.fold", folder / f"{run}.ckpt.npz"), ("sw.evaluate", project.network(run))]


def sizes(trained):
    """Return the neurons of each layer of a trained recipe; none if it has convolutions."""
    recipe = trained["recipe"]
    if isinstance(layers := recipe.get("hidden") or recipe["layers"], str):
        return []
    return [layer["neurons"] if isinstance(layer, dict) else layer for layer in layers]


def _compression(project, run):
    """Return the commands that compress a float network with the dense layers of a run."""
    folder = project.folder / run
    trained, made = read_json(folder / f"{run}.json"), folder / "compressed"
    if not (layers := [f"dense {min(size, MOST)}" for size in sizes(trained)]):
        raise ValueError("Network must have no convolutions to be compared with a float one, "
                         "because look-up tables begin with dense layers (train another run)")
    float_ = made / f"{run}.float.npz"
    return [("train.bnn_mnist", "--float", "--dataset", *project.source, "--network",
             ", ".join([*layers, "scores"]), "--seed", trained["seed"], "--name", run,
             "--output", made),
            ("train.compress.calibrate", float_, "--output", made),
            ("train.compress.validate", float_, "--output", made),
            ("train.compress.binarize", float_, "--json", made / "binary.json"),
            ("train.compress.binarize", float_, "--lookup", "--json", made / "lookup.json")]


def _others(project, run):
    """Return the commands of all other jobs, by kind."""
    folder, net, part = project.folder / run, project.network(run), project.choices.get("part")
    device = ("--device", part["device"]) if part else project.words("--board")
    made, built = project.folder / "made", folder / "built"
    rate = project.choices.get("rate")
    fast = ("--images-per-second", rate) if rate else ()  # with the least area
    bitstream = files(project, run).get("bitstream", built / "none")
    return {
        "data": [("sw.data", *project.source, "--json", project.folder / "data.json")],
        "evaluate": [("sw.evaluate", net)],
        "simulate": [("sim.full", net, *project.words("--board"), *fast, "--limit", IMAGES,
                      "--output", made)],
        "build": [("boards.build", *project.words(), net, *fast, "--output", built, "--reuse")],
        VIRTUAL: [("sim.virtual", *project.words(), net, *fast, "--port", port(project, run),
                   "--output", made)],
        "program": [("boards.program", *project.words(), "--bitstream", bitstream, "--output",
                     built)],
        "verilog": [("hw.generate", net, *device, *fast, "-o", folder / f"{run}.v")],
        "c": [("sw.c", net, "-o", folder / "c", "--check")],
        "onnx": [("sw.exchange", net, "-o", folder / f"{run}.onnx")],
    }


def port(project, run):
    """Return the link to the virtual board's pseudo-terminal."""
    return project.folder / run / VIRTUAL


def files(project, run):
    """Return the files that can be taken away, by name: only these are ever sent."""
    folder = project.folder / run
    built, compressed = folder / "built" / project.choices["board"], folder / "compressed"
    known = {
        "data.json": project.folder / "data.json", "data.png": project.folder / "data.png",
        "network": project.network(run), "checkpoint": folder / f"{run}.ckpt.npz",
        "errors.png": folder / "errors.png", "ranges.json": compressed / f"{run}.ranges.json",
        "int8.json": compressed / f"{run}.int8.json", "binary.json": compressed / "binary.json",
        "lookup.json": compressed / "lookup.json",
        "evaluation.json": folder / f"{run}.eval.json",
        "bitstream": max(built / f"{run}.bin", built / f"{run}.bit", key=Path.exists),
        "weights": built / f"{run}.flash.bin", "report.json": built / "report.json",
        "report.txt": built / "report.txt", "verilog": folder / f"{run}.v",
        "c": folder / "c", "onnx": folder / f"{run}.onnx"}
    return {name: path for name, path in known.items() if path.exists()}
