"""Files that rename classes: lines THEIRS,OURS."""

import re

import pytest

from sw.data.mapping import mapping


@pytest.mark.parametrize("text", ["zero,0\none,1\n", "zero;0\r\none;1", "\ufeffzero\t0\none\t1\n",
                                  "# theirs, ours\n\nzero , 0\n\"one\",1\n"])
def test_lines_of_two_names_are_read(tmp_path, text):
    (tmp_path / "map.csv").write_text(text, encoding="utf-8", newline="")
    assert mapping(tmp_path / "map.csv") == {"zero": "0", "one": "1"}


def test_an_empty_name_leaves_a_class_out_and_an_empty_file_maps_none(tmp_path):
    (tmp_path / "map.csv").write_text("zero,\n")
    (tmp_path / "empty.csv").write_text("")
    assert [mapping(tmp_path / name) for name in ("map.csv", "empty.csv")] == [{"zero": ""}, {}]


@pytest.mark.parametrize(("text", "message"), [
    (b"zero,0\none\n", "must have two names a line, THEIRS,OURS: line 2 is 'one'"),
    (b"zero,0\nzero,1\n", "must name each class once: 'zero' is twice"),
    (b"\xff,1\n", "must be lines THEIRS,OURS in UTF-8")])
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "map.csv").write_bytes(text)
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path / 'map.csv'))} {message}$"):
        mapping(tmp_path / "map.csv")
