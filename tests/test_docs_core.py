"""docs/core.md: its examples and commands run, and its register map is that of the hardware."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from hw.core import __main__ as core
from hw.core.maps import markdown
from hw.core.register import registers
from sw.artefact import artefact
from sw.data.testset import load_test_set
from sw.golden import Model
from sw.network import load


ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "core.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
            for line in block.splitlines()]

# Commands that other tests run, on smaller networks, and where.
ELSEWHERE = {
    "fusesoc": ("tests/hw/core/test_command.py",), "hw.core": ("tests/hw/core/test_command.py",),
    "sim.litex": ("tests/sim/test_litex.py",),
    "sim.virtual": ("tests/sim/test_loaded.py", "tests/sim/test_output.py",
                    "tests/boards/test_build.py"),
    "sw.host": ("tests/sim/test_loaded.py", "tests/sw/test_host.py"),
}
NOT_RUN = {"--bitstream"}  # says the page


@pytest.mark.parametrize(("example", "names"), [(0, ["tfc"]), (1, ["tfc", "sfc"])])
def test_the_examples_in_amaranth_answer_as_golden(example, names, capsys):
    exec(compile(EXAMPLES[example], "docs/core.md", "exec"), {"__name__": "example"})
    networks = [load(artefact(name)) for name in names]
    scores = [Model(network).scores(load_test_set(network).images[:1])[0].tolist()
              for network in networks]
    assert capsys.readouterr().out.splitlines() == [f"7 {some}" for some in scores]


def test_there_are_two_examples_and_the_first_has_thirty_lines():
    assert len(EXAMPLES) == 2
    assert len([line for line in EXAMPLES[0].splitlines() if line]) <= 30
    assert "wiring.connect(" in EXAMPLES[0]


def words_of(command):
    """Return what a command starts, and its arguments."""
    first, *rest = shlex.split(command)
    return (rest[1], rest[2:]) if rest[:1] == ["-m"] else (first, rest)


@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if "hw.core tfc" in line}))
def test_commands_write_the_files_that_the_page_lists(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, arguments = words_of(command)
    core.main(arguments)
    folder = tmp_path / arguments[arguments.index("-o") + 1]
    listed = re.findall(r"^\| (.*?) \| (all|wishbone, litex|litex) \|", TEXT, re.MULTILINE)
    bus = arguments[arguments.index("--bus") + 1]
    wanted = {name.replace("NAME", core.NAME) for names, where in listed
              if where == "all" or bus in where for name in re.findall(r"`(.*?)`", names)}
    loads = {f"{core.NAME}.load.bin", f"{core.NAME}.shape.json"}
    assert {path.name for path in folder.iterdir()} == wanted - loads
    speed = "".join(capsys.readouterr().out.splitlines(keepends=True)[:2])
    assert "--images-per-second" in command or speed in TEXT


@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if "hw.core tfc" not in line
                                            and not line.startswith("pip ")}))
def test_other_commands_are_run_by_other_tests_with_all_their_options(command):
    name, arguments = words_of(command)
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in ELSEWHERE[name])
    options = {word for word in arguments if word.startswith("-")} - NOT_RUN
    assert {option for option in options if f'"{option}"' not in text} == set()
    assert name.rpartition(".")[2] in text


def test_what_pip_installs_is_an_extra_of_the_project():
    installed = {extra for line in COMMANDS if line.startswith("pip ")
                 for extra in re.findall(r"'\.\[(\w+)\]'", line)}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert installed == {"litex"} <= set(extras["optional-dependencies"])


def test_the_register_map_is_that_of_the_hardware():
    assert markdown(registers(10, loads=True)) in TEXT
