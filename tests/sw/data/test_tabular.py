import re
import tracemalloc

import pytest

from sw.data import datasets, tabular


@pytest.mark.parametrize(("text", "classes", "values"), [
    ("1,2,0\n3,4,1\n", [0, 1], [[1, 2], [3, 4]]),
    ("5;0.5;A\n6;1.5;B\n", ["A", "B"], [[5, 0.5], [6, 1.5]]),
    ("label,x,y1\n7,1,2\n8,3,4\n", [7, 8], [[1, 2], [3, 4]]),
    ("x\tclass\tz\n1\t7\t2\n3\t8\t4\n", [7, 8], [[1, 2], [3, 4]]),
    ("3,0.5,1.5\n4,0.25,1\n", [3, 4], [[0.5, 1.5], [0.25, 1]]),
])
def test_the_class_column_is_found(tmp_path, text, classes, values):
    (tmp_path / "x.csv").write_text(text)
    table = tabular.read(tmp_path / "x.csv")
    assert table.classes.tolist() == classes
    assert table.values.tolist() == values


def test_only_columns_that_are_no_bytes_are_scaled(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,label\n0,-1,0\n200,1,1\n")
    (tmp_path / "x.test.csv").write_text("a,b,label\n7,0,0\n8,9,1\n")
    dataset = datasets.load(tmp_path / "x.csv")
    assert dataset.train_images.tolist() == [[0, 0], [200, 255]]
    assert dataset.test_images.tolist() == [[7, 128], [8, 255]]
    assert dataset.scaled == {"b": {"low": -1.0, "high": 1.0}}


def test_a_table_without_a_test_part_gives_the_last_fifth_of_each_class(tmp_path):
    (tmp_path / "x.csv").write_text("".join(f"{row},{row // 10}\n" for row in range(20)))
    dataset = datasets.load(tmp_path / "x.csv")
    assert dataset.test_images.ravel().tolist() == [8, 9, 18, 19]
    assert dataset.test_labels.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("text", "message"), [
    ("1,2,0\n3,1\n", r"must have 3 columns in every line: line 2 has 2"),
    ("a,b,label\n1,2,0\n3,x,1\n", r"must hold numbers outside the class column: line 3, 'b' is "
     r"'x'"),
    ("a,b,label\n1,2,0\n3,nan,1\n", r"must hold numbers in ±1e\+300: line 3, 'b' is nan"),
    ("a,b,label\n1,2,0\n3,1e308,1\n", r"must hold numbers in ±1e\+300: line 3, 'b' is 1e\+308"),
    ("a,b,label\n1,2,0\n3,1_0,1\n", r"must hold numbers outside the class column: line 3, 'b' is "
     r"'1_0'"),
    ("a,b,label\n1,2,0\n3,1," + "x" * 65, r"must have classes of at most 64 characters: line 3 has "
     r"65"),
    ("0.5,1.5\n2.5,3.5\n", r"must have a class column: neither the last nor the first holds 2 to "
     r"256 different integers \(name it 'label' in a header line\)"),
    ("", r"must have rows of at least one feature and a class: 0 rows, 0 columns"),
    ("\xff1,2\n", r"must be a CSV file in UTF-8: .*"),
    ("1,2,0\n3,4,1\n5,6,1\n", r"must have at least 2 examples of every class: 0 has 1"),
])
def test_damaged_tables_are_refused(tmp_path, text, message):
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} {message}$"):
        datasets.load(path)


def test_a_test_part_with_other_columns_is_refused(tmp_path):
    (tmp_path / "x.csv").write_text("1,2,0\n3,4,1\n")
    (tmp_path / "x.test.csv").write_text("1,0\n3,1\n")
    with pytest.raises(ValueError, match=rf"^{tmp_path}/x\.test\.csv must have the columns of "
                       rf"{tmp_path}/x\.csv: 1 features, not 2, or other names$"):
        datasets.load(tmp_path / "x.csv")


def test_a_line_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tabular, "LINE_LIMIT", 2**20)
    (tmp_path / "x.csv").write_text("1,2,0\n" + "3," * 2**20)
    with pytest.raises(ValueError, match=r"x\.csv must have lines of less than 1 million "
                                         r"characters$"):
        tabular.read(tmp_path / "x.csv")


def test_classes_that_no_integer_holds_are_names(tmp_path):
    (tmp_path / "x.csv").write_text(f"x,label\n1,{10**30}\n2,7\n3,{10**30}\n4,7\n")
    assert datasets.load(tmp_path / "x.csv").labels == (str(10**30), "7")


def test_one_long_cell_does_not_make_a_row_long(tmp_path):
    """In numpy every cell of a row of text takes the space of the longest: 13 GB here."""
    row = ",".join(["0" * 120_000, *["1"] * 30_000])
    (tmp_path / "x.csv").write_text(f"{row},a\n{row},b\n{row},a\n{row},b\n")
    tracemalloc.start()
    assert datasets.load(tmp_path / "x.csv").train_images.shape == (2, 30_001)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**26
