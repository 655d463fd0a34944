"""docs/core.md: its examples run."""

import re
from pathlib import Path

import pytest


TEXT = (Path(__file__).parents[1] / "docs" / "core.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(("example", "networks"), [(0, 1), (1, 2)])
def test_the_examples_in_amaranth_answer_as_golden(example, networks, capsys):
    exec(compile(EXAMPLES[example], "docs/core.md", "exec"), {"__name__": "example"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[1::2] == ["True"] * networks
    assert all(line.startswith("7 [") for line in lines[::2])  # MNIST's first test image


def test_there_are_two_examples():
    assert len(EXAMPLES) == 2
