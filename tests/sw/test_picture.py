"""sw.picture: whole pictures, in fonts that have the characters of their texts."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sw import picture
from train import pictures


def drawn(title):
    figure = Figure()
    figure.subplots().set_title(title)
    return figure


def confusion_of(labels, path):
    pictures.confusion(path, np.eye(len(labels), dtype=int), labels, "title")


# Characters of these are in the fonts that matplotlib brings, so they need no other.
@pytest.mark.parametrize("labels", [("één", "два"), ("$", "$x"), ("a$b$", "\\frac{"),
                                    ("سلام", "خ")])
def test_class_names_are_drawn_without_a_word(tmp_path, capfd, recwarn, labels):
    confusion_of(labels, tmp_path / "a.png")
    assert (capfd.readouterr().err, [str(each.message) for each in recwarn]) == ("", [])
    assert Image.open(tmp_path / "a.png").size[0] > 100


def test_characters_that_no_font_has_are_one_note(tmp_path, capfd, recwarn):
    picture._note.cache_clear()
    picture._families.cache_clear()
    confusion_of(("\U0001e900\U0001e901", "\U0001e902"), tmp_path / "a.png")  # Adlam
    confusion_of(("\U0001e903", "b"), tmp_path / "b.png")
    assert [str(each.message) for each in recwarn] == []
    assert capfd.readouterr().err == (
        "note: class names contain characters that no font here has: boxes in the pictures "
        "(install fonts, such as fonts-noto-cjk)\n")


def test_a_font_of_the_system_is_found_for_a_character(monkeypatch):
    usual = picture._characters(picture.font_manager.findfont("DejaVu Sans"))
    fonts = {entry.fname: entry.name for entry in picture.font_manager.fontManager.ttflist}
    other, more = next((name, more) for file, name in fonts.items() if "Last Resort" not in name
                       and (more := picture._characters(file) - usual))
    picture._families.cache_clear()
    families = picture._families(frozenset(map(chr, more)))
    assert families[0] == "sans-serif"
    assert len(families) > 1, other


def test_long_class_names_are_short_in_pictures(tmp_path, recwarn):
    confusion_of([f"{number}{'x' * 190}" for number in range(3)], tmp_path / "a.png")
    assert [str(each.message) for each in recwarn] == []
    assert picture.shortened("x" * 200) == "x" * 23 + "…"
    assert picture.shortened("x" * 24) == "x" * 24


def test_a_full_disk_names_the_picture_and_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    code = ("import resource; from sw.command import run; from tests.sw.test_picture import *\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
            f"run(lambda: picture.save(drawn('x'), {str(path)!r}))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (
        2, f"error: {path}: File too large (choose a place where files may be as large)\n")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.png", b"old")]
