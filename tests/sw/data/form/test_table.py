import gzip
import re
import tracemalloc

import numpy as np
import pytest

from sw.data.form import table, text
from sw.data.options import NONE, Options


def read(folder, content, name="x.csv", **options):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return table.read(path, Options(**options))


def chosen(raw):
    found = re.fullmatch(r"class column is (?:.*, )?column (\d+) of \d+, .* \(--label changes it\)",
                         next(note for note in raw.guessed if note.startswith("class column")))
    return int(found[1])


CLASSES = ["A", "B"]
PLAIN = [[5, 0.5], [6, 1.5]]


@pytest.mark.parametrize("content", [
    "5,0.5,A\n6,1.5,B\n", "5;0.5;A\n6;1.5;B\n", "5\t0.5\tA\n6\t1.5\tB\n", "5|0.5|A\n6|1.5|B\n",
    "  5   0.5 A\n6 1.5   B  \n", "sep=;\n5;0.5;A\n6;1.5;B\n", "5;0,5;A\n6;1,5;B\n",
    "5\t0,5\tA\n6\t1,5\tB\n", '5,"0,5",A\n6,"1,5",B\n', "5 0,5 A\n6 1,5 B\n",
    "5,0.5,A,\n6,1.5,B,\n", "x,y1,z\r\n5,0.5,A\r\n6,1.5,B\r\n",
    "5,0.5,A\r6,1.5,B\r", "# made by hand\n\n5,0.5,A\n# new\n6,1.5,B\n",
    '"5","0.5","A"\n"6","1.5","B"\n',
    "\ufeffx,y1,z\n5,0.5,A\n6,1.5,B\n", "5, 0.5, A\n6, 1.5, B\n",
    "x,y1,z,\n5,0.5,A\n6,1.5,B\n", "x,y1,z\n5,0.5,A,\n6,1.5,B,\n",
    "@RELATION x\n% a comment\n@ATTRIBUTE 'a b' NUMERIC\n@ATTRIBUTE c REAL\n@ATTRIBUTE d {A,B}\n"
    "@DATA\n5,0.5,A\n6,1.5,'B'\n",
    "x;y1;z\n5;0.5;A\n6;1.5;B\n".encode("utf-16"), gzip.compress(b"5,0.5,A\n6,1.5,B\n", mtime=0),
])
def test_tables_read_in_every_spelling(tmp_path, content):
    raw = read(tmp_path, content)
    assert raw.train.labels.tolist() == CLASSES
    assert raw.train.examples.tolist() == PLAIN


@pytest.mark.parametrize(("content", "labels"), [
    ("1,2,0\n3,4,1\n5,6,1\n7,8,0\n", [0, 1, 1, 0]),
    ("label,x,y1\n7,1,2\n8,3,4\n", [7, 8]),
    ("x\tclass\tz\n1\t7\t2\n3\t8\t4\n", [7, 8]),
    ("3,0.5,1.5\n4,0.25,1\n3,0.5,1.25\n4,0.75,1\n", [3, 4, 3, 4]),
    ("3.0,0.5,1.5\n4.0,0.25,1\n3.0,0.5,1.25\n4.0,0.75,1\n", [3, 4, 3, 4]),
    ("y,z,species\n1,2,A\n3,4,B\n", ["A", "B"]),
    ("0,1,2,label\n5,6,7,9\n5,6,7,8\n", [9, 8]),
])
def test_the_class_column_is_found(tmp_path, content, labels):
    assert read(tmp_path, content).train.labels.tolist() == labels


def test_wine_has_its_class_first_though_the_last_column_holds_integers(tmp_path):
    rows = "".join(f"{row % 3 + 1},{row * 0.5},{300 + row % 30 * 10}\n" for row in range(90))
    raw = read(tmp_path, rows)
    assert raw.guessed == ["class column is column 1 of 3, the first, with 3 different integers "
                           "(--label changes it)"]
    assert raw.columns == ("column 2", "column 3")


@pytest.mark.parametrize("first", [True, False])
def test_pixels_are_no_classes(tmp_path, first):
    pixels = np.random.default_rng(5).integers(0, 2, (60, 64))
    classes = np.arange(60)[:, None] % 10
    rows = np.hstack([classes, pixels] if first else [pixels, classes])
    np.savetxt(tmp_path / "x.csv", rows, fmt="%d", delimiter=",")
    raw = table.read(tmp_path / "x.csv", NONE)
    assert chosen(raw) == (1 if first else 65)
    assert table.pixels(raw.columns, raw.train.examples)


def test_names_of_pixels_are_known():
    values = np.full((2, 70), 255.0)
    assert table.pixels([f"pixel{place}" for place in range(70)], values)
    assert table.pixels([f"{place // 10}x{place % 10}" for place in range(70)], values)
    assert not table.pixels([f"column {place}" for place in range(70)], values)
    assert not table.pixels([f"pixel{place}" for place in range(70)], values + 1)


def test_label_and_drop_take_names_and_numbers(tmp_path):
    content = "id,a,b,c\nx7,1,2,3\nx8,4,5,6\n"
    by_name = read(tmp_path, content, label="B", drop=("id",))
    by_number = read(tmp_path, content, label="3", drop=("1",))
    for raw in (by_name, by_number):
        assert (raw.columns, raw.places, raw.width) == (("a", "c"), (1, 3), 4)
        assert raw.train.labels.tolist() == [2, 5]
        assert raw.guessed == []


def test_an_unnamed_column_that_counts_is_left_out(tmp_path):
    raw = read(tmp_path, ",a,label\n0,5,x\n1,7,y\n2,6,x\n")
    assert raw.columns == ("a",)
    assert raw.guessed[1] == ("column 1 is left out: it has no name and counts the rows (a name in "
                              "the header line keeps it)")


def test_row_names_of_r_are_left_out(tmp_path):
    raw = read(tmp_path, '"a" "b" "species"\n"1" 5 3 "x"\n"2" 7 4 "y"\n')
    assert (raw.columns, raw.train.examples.tolist()) == (("a", "b"), [[5, 3], [7, 4]])


@pytest.mark.parametrize(("cells", "what"), [
    (range(12), "counts upward"), (np.arange(12) ** 2, "has another integer in every row")])
def test_numbers_of_rows_are_warned_of(tmp_path, cells, what):
    rows = "".join(f"{cell},{cell % 5},{'xy'[cell % 2]}\n" for cell in cells)
    raw = read(tmp_path, "id,a,label\n" + rows)
    assert raw.warnings == [f"column 'id' {what}: if it numbers the rows, leave it out with --drop "
                            f"id"]


def test_latin_1_is_read_with_a_note(tmp_path):
    raw = read(tmp_path, "a,label\n1,süß\n2,herb\n".encode("latin-1"))
    assert raw.train.labels.tolist() == ["süß", "herb"]
    assert raw.guessed[0] == (f"{tmp_path}/x.csv is read as Latin-1, because it is not UTF-8 (save "
                              f"it in UTF-8)")


@pytest.mark.parametrize(("content", "message"), [
    ("1,2,0\n3,1\n", r"must have 3 columns in every line: line 2 has 2 (complete or remove the "
     r"line)"),
    ("a,b,label\n\n1,2,0\n3,x,1\n", r"must hold numbers in columns of numbers: line 4, 'b' is 'x' "
     r"(--categories b makes an input of each word, --drop b leaves the column out, or write "
     r"numbers for words)"),
    ("a,b,label\n1,?,0\n3,2,1\n4,nan,1\n", r"must have a number in every cell: line 2, 'b' is '?'; "
     r"rows with gaps: 2 (fill in or remove these rows, or leave columns out: --drop b)"),
    ("a,b,label\n1,2,0\n3,1e308,1\n", r"must hold numbers in ±1e+300: line 3, 'b' is 1e+308"),
    ("a,b,label\n1,2,0\n3,1_0,1\n", r"must hold numbers in columns of numbers: line 3, 'b' is "
     r"'1_0' (--categories b makes an input of each word, --drop b leaves the column out, or write "
     r"numbers for words)"),
    ("a,label\n1,x\n3,\n", "must have a class in every line: line 3 has '' (remove the line)"),
    ("a,b,label\n1,2,0\n3,1," + "x" * 201, r"must have classes of at most 200 characters: line 3 "
     r"has 201"),
    ("0.5,1.5\n2.5,3.5\n", r"must have a class column: no header says 'label' or 'class', and "
     r"neither the last nor the first of its 2 columns holds a few different integers (--label "
     r"COLUMN chooses one)"),
    ("a,b,c\n1,x,p\n2,y,q\n", r"must say which column holds the classes: 'b' and 'c' hold words "
     r"(--label b chooses the first)"),
    ("a;b\n1.5;x\n1,5;y\n", r"must write numbers in one way: '1,5' and '1.5' (without thousands "
     r"separators, with one decimal mark)"),
    ("a;b\n1,234;x\n999;y\n", r"must write numbers without thousands separators: '1,234' and '999' "
     r"stand in one column (with a decimal point, if it is no thousands separator)"),
    ("", r"must have rows of at least one value and a class: 0 rows, 0 columns"),
    ("a,b\0,c\n", "must be text to be a table: it holds octets 0 (save it as CSV in UTF-8)"),
])
def test_damaged_tables_are_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=f"^{re.escape(f'{tmp_path}/x.csv {message}')}$"):
        read(tmp_path, content)


@pytest.mark.parametrize(("options", "message"), [
    ({"label": "z"}, "--label must name a column of {path}, or give its number in 1..3: z (a, b, "
     "label)"),
    ({"drop": ("4",)}, "--drop must name a column of {path}, or give its number in 1..3: 4 (a, b, "
     "label)"),
    ({"drop": ("a", "b")}, "{path} must keep at least one column besides the class: 3 columns, 2 "
     "dropped"),
    ({"label": "b", "drop": ("b",)}, "--drop must not name the class column of {path}: b (--label "
     "chooses another)"),
])
def test_options_that_do_not_fit_are_refused(tmp_path, options, message):
    wanted = re.escape(message.format(path=tmp_path / "x.csv"))
    with pytest.raises(ValueError, match=f"^{wanted}$"):
        read(tmp_path, "a,b,label\n1,2,0\n3,4,1\n", **options)


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LINE_LIMIT", 2**20)
    with pytest.raises(ValueError, match=r"x\.csv must have lines of less than 1 million "
                                         r"characters$"):
        read(tmp_path, "1,2,0\n" + "3," * 2**20)


def test_a_large_file_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "LIMIT", 2**20)
    with pytest.raises(ValueError, match=r"x\.csv must be at most 1 MiB \(use \.npz for larger "
                                         r"sets\)$"):
        read(tmp_path, gzip.compress(b"1,2\n" * 2**20))


def test_classes_that_no_integer_holds_are_names(tmp_path):
    raw = read(tmp_path, f"x,label\n1,{10**30}\n2,7\n3,{10**30}\n4,7\n")
    assert raw.train.labels.tolist() == [str(10**30), "7"] * 2


def test_one_long_cell_does_not_make_a_row_long(tmp_path):
    """In numpy every cell of a row of text takes the space of the longest: 13 GB here."""
    row = ",".join(["0" * 120_000, *["1"] * 30_000])
    content = f"{row},a\n{row},b\n{row},a\n{row},b\n"
    tracemalloc.start()
    assert read(tmp_path, content).train.examples.shape == (4, 30_001)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26


def test_a_quoted_colour_is_no_comment(tmp_path):
    raw = read(tmp_path, "colour,a,label\n#ff0000,1,x\n#00ff00,2,y\n", drop=("colour",))
    assert raw.train.labels.tolist() == ["x", "y"]
