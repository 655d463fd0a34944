"""Texts are read and written as UTF-8, whatever the locale: each call says so."""

import ast

import pytest

from boards.toolchain.sources import ROOT


FILES = [path for package in ("boards", "hw", "sim", "sw", "train")
         for path in sorted((ROOT / package).rglob("*.py"))]
BEFORE = {"read_text": 0, "write_text": 1}  # positional arguments before the encoding


def silent(tree):
    """Return the lines of calls that leave the encoding of a text to the locale."""
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        words = {word.arg for word in node.keywords}
        name = getattr(node.func, "attr", None)
        if name in BEFORE:
            missing = "encoding" not in words and len(node.args) <= BEFORE[name]
        elif getattr(node.func, "id", None) == "open":
            modes = [ast.unparse(part) for part in node.args[1:2]]
            missing = "encoding" not in words and not any("b" in mode for mode in modes)
        else:
            missing = words & {"text", "universal_newlines"} and "encoding" not in words \
                and words & {"stdout", "capture_output", "stdin", "input"}
        if missing:
            lines.append(node.lineno)
    return lines


def test_every_text_file_has_a_stated_encoding():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    assert {str(path.relative_to(ROOT)): lines for path, tree in trees.items()
            if (lines := silent(tree))} == {}


@pytest.mark.parametrize(("code", "seen"), [
    ("path.read_text()", True), ("path.read_text('utf-8')", False), ("path.write_text(x)", True),
    ("path.write_text(x, encoding='utf-8')", False), ("open(x)", True), ("open(x, 'w')", True),
    ("open(x, 'rb')", False), ("open(x, encoding='utf-8')", False), ("write_text(path, x)", False),
    ("run(x, capture_output=True, text=True)", True), ("run(x, text=True)", False),
    ("run(x, stdout=y, encoding='utf-8')", False)])
def test_the_rule_sees_every_way_to_leave_it_out(code, seen):
    assert bool(silent(ast.parse(code))) == seen
