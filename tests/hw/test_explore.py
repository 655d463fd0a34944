"""hw.explore: a layer that synthesis cannot spoil, and the command line."""

import json

import pytest

from hw import explore
from hw.synthesis.explore_variants import possible


@pytest.mark.parametrize(("family", "constants"), [("ecp5", 0), ("ice40", 1)])
def test_a_neuron_of_six_synapses_takes_three_lut4(family, constants):
    row = explore.measure("truth", family=family, fan_in=6, neurons=2, inputs=16)
    assert (row["lut4"], row["ff"], row["levels"]) == (6 + constants, 2, 2)


def test_rows_are_printed_and_written(tmp_path, monkeypatch, capsys):
    row = dict.fromkeys(explore.COLUMNS, 7) | {"fmax_mhz": None}
    asked = []
    monkeypatch.setattr(explore, "measure",
                        lambda variant, **others: asked.append((variant, others["fan_in"])) or row)
    explore.main(["popcount", "--family", "ecp5", "--fan-in", "6,16", "--variants", "truth,chain,"
                  "plus", "--json", str(tmp_path / "rows.json")])
    assert asked == [("truth", 6), ("plus", 6), ("plus", 16)]
    assert capsys.readouterr().out.splitlines()[1].split() == ["7"] * 8 + ["-", "7"]
    assert json.loads((tmp_path / "rows.json").read_text()) == [row] * 3


def test_truth_tables_give_no_counts():
    assert possible("truth", fan_in=7, counts=False, family="ecp5")
    assert not possible("truth", fan_in=8, counts=False, family="ecp5")
    assert not possible("truth", fan_in=7, counts=True, family="ecp5")


def test_votes_take_few_lut4():
    row = explore.measure("columns", family="ecp5", fan_in=16, neurons=2, levels=1, votes=True)
    assert row["counts"]
    assert row["per_synapse"] <= 1.4


def test_columns_are_for_votes():
    assert possible("columns", fan_in=60, counts=True, family="ecp5", votes=True)
    assert not possible("columns", fan_in=60, counts=True, family="ecp5")


@pytest.mark.parametrize(("arguments", "message"), [
    (["--votes", "--fan-in", "2000"], r"^Fan-in must be numbers in 1\.\.1024, the most votes of "
                                      r"a class, with commas between them: '2000'$"),
    (["--votes", "--inputs", "300"], r"^Inputs must not be given with --votes, because each class "
                                     r"has bits of its own: 300$"),
    (["--variants", "plus,columns"], r"^Variant 'columns' must count votes \(use --votes\)$"),
    (["--fan-in", "6,x"], r"^Fan-in must be numbers in 1\.\.256, the inputs, with commas between "
                          r"them: '6,x'$"),
    (["--variants", "plus,minus"], r"^Variant must be one of columns, tree, .*chain: 'minus'$"),
    (["--neurons", "0"], r"^Neurons must be at least 1: 0$"),
])
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        explore.main(["popcount", *arguments])
