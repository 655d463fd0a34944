import os
import re

import pytest

from train.lookup import compiler, kernels
from train.lookup.reference import Reference


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    compiler.library.cache_clear()
    kernels.best.cache_clear()
    folder = tmp_path / "own" / "cpp"
    folder.mkdir(parents=True)
    (folder / "x.h").write_text("#define ANSWER 42\n")
    (folder / "x.cpp").write_text('#include "x.h"\nextern "C" int answer() { return ANSWER; }\n')
    yield folder
    compiler.library.cache_clear()
    kernels.best.cache_clear()


def test_a_library_is_compiled_once_for_each_source(source, tmp_path):
    assert compiler.library(source).answer() == 42
    made, = (tmp_path / "cache" / "thresher").iterdir()
    stamp = made.stat().st_mtime_ns
    compiler.library.cache_clear()
    compiler.library(source)
    assert made.stat().st_mtime_ns == stamp
    (source / "x.h").write_text("#define ANSWER 43\n")
    compiler.library.cache_clear()
    assert compiler.library(source).answer() == 43
    assert len(list((tmp_path / "cache" / "thresher").iterdir())) == 2


def test_a_compiler_that_is_missing_is_named(source, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler -x")
    with pytest.raises(ValueError, match=rf"^Compiler of {re.escape(str(source))} must be on the "
                       r"PATH: no-such-compiler \(install g\+\+ or clang\+\+, or name one with "
                       r"CXX\)$"):
        compiler.library(source)


def test_an_error_of_the_compiler_is_shown_and_leaves_no_file(source, tmp_path):
    (source / "x.cpp").write_text("int f() { return nothing; }\n")
    with pytest.raises(ValueError, match=r"^Compiler c\+\+ must compile .*cpp: .*nothing.*$"):
        compiler.library(source)
    assert os.listdir(tmp_path / "cache" / "thresher") == []


def test_without_a_compiler_there_is_a_note_and_the_reference(source, monkeypatch, capsys):
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert isinstance(kernels.best(), Reference)
    assert isinstance(kernels.best(), Reference)
    assert capsys.readouterr().err.startswith(
        "note: look-up networks are trained without C++, some hundred times slower: Compiler of ")
