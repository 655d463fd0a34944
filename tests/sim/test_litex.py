"""sim.litex: a processor of LiteX sends test images to a core on its bus."""

import json
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


@pytest.mark.skipif(bool(MISSING) and "CI" not in os.environ, reason=f"{MISSING} is not here")
def test_a_bitstream_is_made_and_its_report_printed(tmp_path, capsys, monkeypatch):
    """The whole command but the three tools, which leave their mark."""
    reported = {"fmax": {"$glbnet$sys_clk": {"achieved": 57.41, "constraint": 50}},
                "utilization": {cell: {"used": 5, "available": 1000} for cell in litex.COUNTED}}
    (tmp_path / "reported.json").write_text(json.dumps(reported))
    monkeypatch.setattr(litex, "TOOLS", {
        "yosys": "touch ulx3s.json #",
        "nextpnr-ecp5": f"cp {tmp_path}/reported.json {litex.REPORT}; touch ulx3s.config #",
        "ecppack": "touch ulx3s.bit #"})
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert litex.main(["tfc", "--bitstream", "--output", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "glbnet$sys_clk: 57.41 MHz reached, 50.00 MHz wanted\nLUT4: 5 of 1,000\n" in out
    bitstream = tmp_path / "ulx3s" / "gateware" / "ulx3s.bit"
    assert bitstream.exists()
    assert out.endswith(f"wrote {bitstream}\n")
    assert "thresher_core.v" in (bitstream.parent / "ulx3s.ys").read_text()


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
