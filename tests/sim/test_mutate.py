"""sim.mutate: mutations are single changes of statements, and most are noticed."""

import json
import os
import re

import numpy as np
import pytest

from sim import full
from sim.cell.mutation import mutations, with_mutations
from sim.mutate import Verdict, check, main, score, table


VERILOG = """module m(clk, a, b, o);
  input clk;
  wire clk;
  input [3:0] a;
  input [3:0] b;
  output [3:0] o;
  reg [3:0] r = 4'h0;
  wire [3:0] s;
  assign s = a + b;
  assign o = s & 4'h7;
  always @(posedge clk)
    r <= s;
endmodule
"""


def test_mutations_change_one_operator_constant_or_connection():
    drawn = {(mutation.kind, mutation.original, mutation.mutated)
             for seed in range(30) for mutation in mutations(VERILOG, 3, seed=seed)}
    assert ("operator", "a + b", "a - b") in drawn
    assert ("operator", "s & 4'h7", "s | 4'h7") in drawn
    assert ("constant", "s & 4'h7", "s & 4'h6") in drawn
    assert ("connection", "a + b", "r  + b") in drawn
    assert all(original != mutated for _, original, mutated in drawn)


def test_constants_of_32_bits_are_changed_though_yosys_writes_them_as_decimals():
    verilog = VERILOG.replace("s & 4'h7", "32'd2742842207 >> a")
    changed = {mutation.mutated for seed in range(30)
               for mutation in mutations(verilog, 3, seed=seed) if mutation.target == "o"
               and mutation.kind == "constant"}
    values = {int(re.fullmatch(r"32'h([0-9a-f]+) >> a", text)[1], 16) for text in changed}
    assert len(values) > 10
    assert {(value ^ 2742842207).bit_count() for value in values} == {1}


def test_all_mutants_are_in_one_text():
    drawn = mutations(VERILOG, 3, seed=1)
    text = with_mutations(VERILOG, drawn)
    assert sorted(map(int, re.findall(r"chosen_mutant\(\) == (\d+)", text))) == [1, 2, 3]


def test_more_mutations_than_there_are_are_refused():
    with pytest.raises(ValueError, match=r"^Mutations of kind 'operator' must be at most 2, all "
                                         r"there are: 10$"):
        mutations(VERILOG, 30, seed=1)


def test_a_sample_of_a_scheduled_design_is_noticed():
    verdicts = score("scheduled", 30, seed=5)
    assert len(verdicts) == 30
    assert sum(verdict.caught_by is not None for verdict in verdicts) >= 28


def test_tables_and_wires_of_a_look_up_design_are_mutated_and_noticed():
    verdicts = score("lookup", 30, seed=3)
    assert sum(verdict.caught_by is not None for verdict in verdicts) >= 28
    tables = {verdict.kind for verdict in verdicts
              if re.search(r"lookup[01]\.table_\d+$", verdict.target)}
    assert tables == {"operator", "constant", "connection"}


def test_one_design_is_mutated_on_demand(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr("sim.mutate.score", lambda name, count, **_: seen.append(name) or [
        Verdict(name, "operator", "x", "a", "b", "answers, seed 0")])
    assert main(["--only", "lookup", "--count", "3"]) == 0
    assert seen == ["lookup"]
    assert capsys.readouterr().out.splitlines()[-1].startswith("score: 1 of 1, 100.0 %, ")
    main(["--only", "lookup", "--count", "3", "--inputs", str(tmp_path / "inputs.json")])
    assert {"scheduled", "wired", "lookup"} & set(json.loads(
        (tmp_path / "inputs.json").read_text())) == {"lookup"}


def test_the_table_counts_by_kind():
    verdicts = [Verdict("wired", "operator", "x", "a", "b", "answers, seed 0"),
                Verdict("wired", "operator", "x", "a", "b", None)]
    assert table(verdicts).splitlines()[0] == "operator        1 of    2 caught"


def test_a_count_of_0_is_refused():
    with pytest.raises(ValueError, match=r"^Count must be at least 1: 0$"):
        main(["--count", "0"])


def test_a_mutant_is_chosen_without_a_variable_of_this_process(monkeypatch):
    seen = []

    def run_model(model, accelerator, images, **options):
        seen.append((options["MUTANT"], os.environ.get("MUTANT")))
        raise ValueError("stuck")

    monkeypatch.setattr(full, "run_model", run_model)
    assert check("model", None, np.zeros((3, 4), np.uint8), 7) == "end of the simulation"
    assert seen == [(7, None)]
