"""sim.litex: a processor of LiteX sends test images to a core on its bus."""

import os
import shutil

import pytest

from sim import litex
from sim.soc import program


MISSING = ("LiteX" if not shutil.which("litex_sim") else
           "a compiler for RISC-V" if not any(map(shutil.which, program.COMPILERS)) else "")


@pytest.mark.skipif(bool(MISSING) and "CI" not in os.environ, reason=f"{MISSING} is not here")
def test_twenty_images_are_answered_as_golden(tmp_path, capsys):
    assert litex.main(["tfc", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "20 of 20 images answered: labels and scores equal to golden" in out
    transcript = (tmp_path / "transcript.txt").read_text().splitlines()
    assert sum(line.startswith("answer") for line in transcript) == 20
    assert transcript[-3] == "status 00000020"  # loaded, and no error


def test_programs_have_a_sensible_number_of_images():
    with pytest.raises(ValueError, match=r"^Images in the program must be in 1\.\.200: 0$"):
        litex.main(["tfc", "--images", "0"])


def test_a_missing_compiler_is_said(monkeypatch):
    monkeypatch.setattr(program.shutil, "which", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"^A C compiler for RISC-V must be on the PATH: "
                                                r"there is none of riscv64-unknown-elf-gcc, "
                                                r"riscv64-linux-gnu-gcc \(apt install "
                                                r"gcc-riscv64-unknown-elf\)$"):
        program.compiler()
