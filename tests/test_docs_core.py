# amaranth: UnusedElaboratable=no
"""docs/core.md: its examples and commands run, and its register map is that of the hardware."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from hw.accelerator import Accelerator
from hw.core import __main__ as core
from hw.core.filling import filled
from hw.core.maps import markdown
from hw.core.register import MAGIC, Address, registers
from hw.core.wishbone import WishboneAccelerator
from hw.plan.schedule import read_schedule
from sw.artefact import artefact
from sw.data.testset import load_test_set
from sw.golden import Model
from sw.network import load

from .hw.core.test_wishbone import NETWORK, SCHEDULE, simulate


ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "core.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
            for line in block.splitlines()]

# Commands that other tests run, on smaller networks, and where.
ELSEWHERE = {
    "boards.build": ("tests/boards/test_build.py",),
    "hw.core": ("tests/hw/core/test_command.py",),
    "sim.litex": ("tests/sim/test_litex.py",),
    "sim.virtual": ("tests/sim/test_loaded.py", "tests/sim/test_output.py",
                    "tests/boards/test_build.py"),
    "sw.host": ("tests/sim/test_loaded.py", "tests/sw/test_host.py"),
}


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
    written = json.loads((folder / f"{core.NAME}.hw.json").read_text())
    ports = {name: row["direction"].removesuffix("put") for name, row in written["ports"].items()}
    assert ports == {name: row[1] for row in rows_of("AXI4-Stream" if bus == "axis" else "Wishbone")
                     for name in re.findall(r"`(.*?)`", row[0])}
    written |= {f"input.{key}": value for key, value in written.pop("input").items()}
    elsewhere = {"weights", "registers" if bus == "axis" else "output"}
    assert set(written) == fields_of("NAME.hw.json") - elsewhere
    speed = "".join(capsys.readouterr().out.splitlines(keepends=True)[:2])
    assert "--images-per-second" in command or speed in TEXT


def section_of(title):
    """Return the text of a section of the page, without those behind it."""
    return re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT,
                     re.DOTALL | re.MULTILINE)[1]


def rows_of(title):
    """Return the cells of the first table in a section, a tuple a row, without its head."""
    table = re.search(r"(?:^\|.*\n)+", section_of(title), re.MULTILINE)[0]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | "))
            for line in table.splitlines()[2:]]


def fields_of(title):
    return {name for row in rows_of(title) for name in re.findall(r"`(.*?)`", row[0])}


@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if "hw.core tfc" not in line
                                            and not line.startswith(("pip ", "export ",
                                                                 "fusesoc "))}))
def test_other_commands_are_run_by_other_tests_with_all_their_options(command):
    name, arguments = words_of(command)
    text = "".join((ROOT / path).read_text(encoding="utf-8") for path in ELSEWHERE[name])
    options = {word for word in arguments if word.startswith("-")}
    assert {option for option in options if f'"{option}"' not in text} == set()
    assert name.rpartition(".")[2] in text


def test_what_pip_installs_is_an_extra_of_the_project():
    installed = {extra for line in COMMANDS if line.startswith("pip ")
                 for extra in re.findall(r"'\.\[(\w+)\]'", line)}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert installed == {"litex"} <= set(extras["optional-dependencies"])


def test_the_register_map_is_that_of_the_hardware():
    assert markdown(registers(10, loads=True)) in TEXT


def test_commands_of_fusesoc_are_those_of_a_cores_own_page_which_a_test_runs():
    words = {"name": core.NAME}
    page = filled("readme_bench.txt", words).replace("CHECKOUT", '"$PWD"')
    own = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1].replace("root . ", "root axis ")
    assert [line for line in COMMANDS if line.startswith(("export ", "fusesoc "))] == (
        own.splitlines())


def waves(title, column, cycles):
    """Return the waveforms of a section by name: characters, four a cycle."""
    block = re.search(r"```\n((?:.*\n)*?.*/‾(?:.*\n)*?)```", section_of(title))[1]
    lines = {line.split()[0]: line[column:column + 4 * cycles].ljust(4 * cycles)
             for line in block.splitlines() if "_" in line}
    clock, = {"aclk", "clk_i"} & set(lines)
    assert lines.pop(clock) == r"/‾\_" * cycles
    return lines


def level(wave, cycle):
    return int(wave[4 * cycle + 1] == "‾")


def word(wave, cycle):
    """Return the name in a wave such as ``< a    >`` that holds in a cycle, or None."""
    return next((found[1] for found in re.finditer(r"< ?(\w+) *>", wave)
                 if found.start() <= 4 * cycle < found.end()), None)


@pytest.mark.parametrize(("pipelined", "column"), [(False, 10), (True, 28)])
def test_the_waveforms_of_wishbone_are_those_of_the_hardware(pipelined, column):
    lines = waves("Wishbone", column, cycles=3)
    address = {"a": Address.MAGIC, "b": Address.CLASSES, None: 0}
    data = {"da": MAGIC, "db": NETWORK.classes}
    core = WishboneAccelerator(Accelerator(NETWORK, SCHEDULE), pipelined=pipelined)

    async def bench(master):
        ctx = master.ctx
        for cycle in range(3):
            ctx.set(core.cyc_i, 1)
            ctx.set(core.stb_i, level(lines["stb_i"], cycle))
            ctx.set(core.adr_i, address[word(lines["adr_i"], cycle)])
            assert [ctx.get(core.ack_o), ctx.get(core.stall_o)] == [
                level(lines["ack_o"], cycle), level(lines["stall_o"], cycle)]
            if named := word(lines["dat_o"], cycle):
                assert ctx.get(core.ack_o)
                assert ctx.get(core.dat_o) == data[named]
            await master.tick()

    simulate(core, bench)


def test_the_waveforms_of_streams_keep_the_rules():
    lines = waves("AXI4-Stream", 15, cycles=5)
    for port, words in (("s_axis", ["b0", "b1", "b2"]), ("m_axis", ["a0"])):
        valid, ready, data = (lines[f"{port}_t{name}"] for name in ("valid", "ready", "data"))
        taken = []
        for cycle in range(5):
            assert bool(level(valid, cycle)) == bool(word(data, cycle))
            if level(valid, cycle) and level(ready, cycle):
                taken.append(word(data, cycle))
                last = level(lines["s_axis_tlast"], cycle)
                assert port == "m_axis" or last == (taken[-1] == "b2")
            elif level(valid, cycle):
                assert word(data, cycle) == word(data, cycle + 1)
        assert taken == words


def test_the_schedule_of_the_page_is_that_of_its_table():
    network = load(artefact("tfc"))
    text = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)[1]
    for rom in ("registered", "loaded"):
        accelerator = Accelerator(network, read_schedule(text.replace("loaded", rom), network))
        row, = re.findall(rf"^\| `{rom}` \|.*$", TEXT, re.MULTILINE)
        assert row.endswith(f" {accelerator.interval:,} cycles |")
