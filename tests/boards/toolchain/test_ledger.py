"""Tests of boards.toolchain.ledger: what is done stays done, for the same key alone."""

import pytest

from boards.toolchain.ledger import Ledger, key_of


def test_a_finished_step_is_remembered_by_its_key(tmp_path):
    ledger = Ledger(tmp_path / "steps.json")
    assert ledger.result("train", "a") is None
    assert not ledger.begin("train", "a")
    ledger.finish("train", "a", {"seconds": 3})
    later = Ledger(tmp_path / "steps.json")
    assert later.result("train", "a") == {"seconds": 3}
    assert later.result("train", "b") is None
    assert later.result("fold", "a") is None


def test_an_interrupted_step_is_not_done_but_known(tmp_path):
    Ledger(tmp_path / "steps.json").begin("train", "a")
    later = Ledger(tmp_path / "steps.json")
    assert later.result("train", "a") is None
    assert later.begin("train", "a")
    assert not later.begin("train", "b")


def test_a_step_that_begins_again_is_not_done(tmp_path):
    ledger = Ledger(tmp_path / "steps.json")
    ledger.finish("train", "a", {})
    assert not ledger.begin("train", "a")
    assert ledger.result("train", "a") is None


@pytest.mark.parametrize("text", [
    "", "[]", "[1]", '{"train": 3}', "\xff", "[" * 100_000, '{"train": {"key": "a", "result": 5}}',
    '{"train": {"key": "a", "result": {"seconds": "long"}}}',
    '{"train": {"key": "a", "result": {"seconds": NaN}}}'])
def test_a_broken_file_is_an_empty_ledger(tmp_path, text):
    (tmp_path / "steps.json").write_text(text, encoding="latin-1")
    assert Ledger(tmp_path / "steps.json").result("train", "a") is None


def test_keys_differ_where_anything_does():
    keys = [key_of(), key_of("a"), key_of("b"), key_of("a", "b"), key_of("ab"), key_of(b"a"),
            key_of(["a", "b"]), key_of({"a": 1}), key_of({"a": 2}), key_of(None)]
    assert len(set(keys)) == len(keys)
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})


def test_the_durations_of_an_earlier_build_are_known_by_step(tmp_path):
    ledger = Ledger(tmp_path / "steps.json")
    ledger.finish("place", "a", {"place": 20.5, "route": 3.0})
    ledger.finish("pack", "b", {"pack": 0.5})
    ledger.begin("synthesize", "c")
    assert Ledger(tmp_path / "steps.json").durations() == {"place": 20.5, "route": 3.0,
                                                           "pack": 0.5}
