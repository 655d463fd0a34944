"""Tests of boards.records: what voids a recorded result, and what does not."""

import copy
import json
import re
import shutil
from dataclasses import replace

import pytest
from amaranth.build import Attrs
from amaranth_boards.icebreaker import ICEBreakerPlatform
from amaranth_boards.resources import UARTResource

from boards import bench, build, records, verify
from boards.board import find
from boards.record import standing
from boards.record.presets import PRESETS
from boards.request import Request
from boards.toolchain import flow, inputs, sources, tools
from boards.top import create
from sw import artefact
from sw import network as networks


ROW = bench.read_rows(bench.RESULTS / "bench.json")["icebreaker"]
PRESET = PRESETS["icebreaker"]
CHECKS = verify.known_checks()


@pytest.fixture(scope="module", autouse=True)
def asked_once():
    """Questions stay answered for the whole file: each elaborates the design."""
    standing.ask.cache_clear()
    yield
    standing.ask.cache_clear()


def judged(row=ROW, preset=PRESET):
    return standing.judge(standing.of_row(row, preset))


def changed(*path, to):
    """Return the row with another input."""
    row = copy.deepcopy(ROW)
    part = row["inputs"]
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = to
    return row


def test_the_icebreakers_row_is_of_todays_hardware():
    verdict = judged()
    assert verdict.stands, verdict.text
    assert verdict.text.startswith("of today's hardware")


@pytest.mark.parametrize(("path", "text"), [
    (("build", "design"), "differs: build: design"),
    (("build", "constraints"), "differs: build: constraints"),
    (("build", "script"), "differs: build: script"),
    (("simulation", "verilog"), "differs: simulation: verilog"),
    (("simulation", "images"), "differs: simulation: images"),
    (("simulation", "driver"), "differs: simulation: driver")])
def test_a_flipped_bit_of_an_input_is_named(path, text):
    before = ROW["inputs"][path[0]][path[1]]
    flipped = before[:-1] + ("0" if before[-1] != "0" else "1")
    verdict = judged(changed(*path, to=flipped))
    assert (verdict.stands, verdict.text) == (False, text)


def test_another_argument_is_named_with_both_values():
    row = changed("build", "pack", to="-s top.asc")
    assert judged(row).text == (f"differs: build: pack (-s top.asc -> "
                                f"{ROW['inputs']['build']['pack']})")


def test_another_wished_clock_is_another_row():
    assert judged({**ROW, "wished_mhz": 31}).text == "differs: preset: clock (31 MHz -> 30 MHz)"


def test_another_version_of_a_tool_is_said_and_voids_nothing():
    row = copy.deepcopy(ROW)
    row["inputs"]["build"]["tools"]["nextpnr-ice40"] = "0.1 (native)"
    now = tools.find("nextpnr-ice40")
    verdict = judged(row)
    assert verdict.stands
    assert verdict.text == (f"of today's hardware, with other tools: nextpnr-ice40 0.1 (native) -> "
                            f"{now.version} ({now.origin})")


def test_verilog_that_another_yosys_wrote_is_no_other_hardware():
    before = {"verilog": "1" * 64, "images": "2" * 64, "tools": {"yosys": "1"}}
    now = {**before, "verilog": "3" * 64}
    assert inputs.differences(before, now) == (["verilog"], [])
    assert inputs.differences(before, {**now, "tools": {"yosys": "2"}}) == ([], ["yosys 1 -> 2"])
    assert inputs.differences({"a": before}, {"a": {**now, "new": ""}}) == (
        ["a (verilog, new (new))"], [])


class OtherPins(ICEBreakerPlatform):
    """An iCEBreaker whose serial lines are crossed."""

    resources = [resource for resource in ICEBreakerPlatform.resources
                 if resource.name != "uart"] + [
        UARTResource(0, rx="9", tx="6", attrs=Attrs(IO_STANDARD="SB_LVCMOS", PULLUP=1))]


def test_another_pin_is_another_build(tmp_path):
    board = replace(find("icebreaker"), platform=OtherPins)
    request = Request(board, networks.load(PRESET.network), PRESET.network)
    top = create(request)
    job = build.job_of(request, top, tmp_path)
    crossed = flow.consumed(job, top)
    usual = flow.consumed(replace(job, board=find("icebreaker")), create(request))
    assert "constraints" in inputs.differences(usual, crossed)[0]


def test_images_that_are_not_there_are_no_difference(monkeypatch):
    def missing(network, download):
        raise ValueError(f"Dataset {network.provenance['dataset']!r} must be in x")

    standing._missing.cache_clear()
    monkeypatch.setattr(standing, "load_test_set", missing)
    verdict = judged()
    standing._missing.cache_clear()
    assert verdict.text == "not compared: Dataset 'mnist' must be in x"
    assert (verdict.stands, verdict.different) == (False, [])


def test_a_damaged_artefact_is_noticed(monkeypatch, tmp_path):
    """A flipped bit in the network's file, whose identity no longer fits."""
    shutil.copytree(artefact.FOLDER, tmp_path / "networks")
    path = tmp_path / "networks" / "icebreaker.net.npz"
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    monkeypatch.setattr(artefact, "FOLDER", tmp_path / "networks")
    check = CHECKS["icebreaker-arithmetic"]
    record = verify.read_record(verify.RECORDS / f"{check.name}.json")
    verdict = standing.judge(standing.of_check(check, record))
    assert re.match(r"^differs: network: network \(\w{64} -> .*icebreaker\.net\.npz ", verdict.text)


def test_a_command_that_fails_is_a_difference_and_says_why():
    subject = standing.Subject("x", "row", {}, {"build": ("-m", "boards.build", "arty", "tfc")})
    assert standing.judge(subject).text == (
        "differs: build: Board must be one of those that 'python -m boards.build --list' shows: "
        "'arty'")


def test_another_assertion_in_a_harness_voids_the_proof():
    check = CHECKS["prove"]
    record = {"command": check.shown, "inputs": copy.deepcopy(standing.today(check))}
    assert standing.judge(standing.of_check(check, record)).stands
    record["inputs"]["proofs"]["proofs"]["buffer"] = "0" * 64
    verdict = standing.judge(standing.of_check(check, record))
    assert verdict.text == "differs: proofs: proofs (buffer)"


def test_another_command_is_another_check():
    check = CHECKS["tfc-icebreaker-arithmetic"]
    record = verify.read_record(verify.RECORDS / f"{check.name}.json")
    assert standing.judge(standing.of_check(check, record)).stands
    assert not standing.judge(standing.of_check(check, {**record, "command": "python x"})).stands


UNUSED = """

class Unused:
    def __init__(self):
        self.number = 5
"""


def test_an_unused_class_voids_no_record_by_its_code(monkeypatch):
    """Checks that have no other inputs than the code they run, the tests among it."""
    paths = {sources.ROOT / name for name in ("sw/layers.py", "sw/network.py", "sw/golden.py")
             if (sources.ROOT / name).exists()}
    checks = [check for check in CHECKS.values() if check.modules]
    before = [standing.known(check) for check in checks]
    read = type(sources.ROOT).read_text
    monkeypatch.setattr(type(sources.ROOT), "read_text", lambda path, *rest, **named: (
        read(path, *rest, **named) + UNUSED * (path in paths)))
    for cached in (sources._content, sources.imports):
        cached.cache_clear()
    assert [standing.known(check) for check in checks] == before
    for cached in (sources._content, sources.imports):
        cached.cache_clear()


def test_the_last_line_counts_rows_and_records():
    verdicts = [standing.Verdict("a", "row", []), standing.Verdict("b", "row", ["design"]),
                standing.Verdict("c", "record", [], unknown="images"),
                standing.Verdict("d", "record", [])]
    assert records.summary(verdicts) == ("1 of 2 rows are of today's hardware, 1 of 2 verification "
                                         "records stand (1 not compared)")


def test_the_command_line_says_what_stands_and_fails_for_what_does_not(monkeypatch, capsys):
    assert records.main(["--only", "icebreaker"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "1 of 1 rows are of today's hardware, 0 of 0 verification records stand")
    stale = changed("build", "design", to="0" * 64)
    monkeypatch.setattr(bench, "read_rows", lambda path: {"icebreaker": stale})
    assert records.main(["--only", "icebreaker"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ("error: 1 of 1 must be measured again: icebreaker (make bench "
                            "ONLY=ROW, make verify; OPTIONS=--mark marks them meanwhile)\n")
    assert records.main(["--only", "icebreaker", "--marked"]) == 1
    stale["current"] = False
    assert records.main(["--only", "icebreaker", "--marked"]) == 0
    with pytest.raises(ValueError, match=r"^Record must be one of icebreaker, .*: 'none'$"):
        records.main(["--only", "none"])


def test_marks_are_written_into_rows_records_and_pages(monkeypatch, tmp_path):
    (tmp_path / "verify").mkdir()
    record = verify.read_record(verify.RECORDS / "soak.json")
    (tmp_path / "verify" / "soak.json").write_text(json.dumps({**record, "current": True}))
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(verify, "RECORDS", tmp_path / "verify")
    monkeypatch.setattr(verify, "DOCUMENT", tmp_path / "verification.md")
    (tmp_path / "README.md").write_text("<!-- bench -->\n<!-- /bench -->\n")
    rows = {"icebreaker": copy.deepcopy(ROW)}
    records.write_marks([standing.Verdict("icebreaker", "row", ["build: design"]),
                         standing.Verdict("soak", "record", ["code"])], rows)
    (row,) = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert row["current"] is False
    assert "| `icebreaker` † |" in (tmp_path / "README.md").read_text()
    assert json.loads((tmp_path / "verify" / "soak.json").read_text())["current"] is False
    assert "| soak† |" in (tmp_path / "verification.md").read_text()
