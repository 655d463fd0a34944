import io
import re

import pytest

from sw.conversion import Picture, Row
from sw.data.form.newrows import match


NAMED = Row(columns=("a", "b"), low=(0, 0), high=(1, 1))
PLACED = Row(places=(1, 2), width=4)
PICTURE = Picture((1, 2))


@pytest.mark.parametrize(("conversion", "text", "values", "truth"), [
    (NAMED, "b,a\n1,2\n3,4\n", [[2, 1], [4, 3]], None),
    (NAMED, "id,b,label,A\n7,1,x,2\n8,3,y,4\n", [[2, 1], [4, 3]], ["x", "y"]),
    (NAMED, "1,2\n", [[1, 2]], None),
    (NAMED, "1,2,x\n3,4,y\n", [[1, 2], [3, 4]], ["x", "y"]),
    (NAMED, "a;b\n1,5;2\n", [[1.5, 2]], None),
    (NAMED, "b a\n1 2\n", [[2, 1]], None),
    (PLACED, "9,1,2,x\n9,3,4,y\n", [[1, 2], [3, 4]], ["x", "y"]),
    (PLACED, "1,2\n3,4\n", [[1, 2], [3, 4]], None),
    (PICTURE, "0,255\n", [[0, 255]], None),
    (PICTURE, "label,p0,p1\n7,0,255\n", [[0, 255]], [7]),
])
def test_rows_are_brought_into_the_order_of_the_inputs(conversion, text, values, truth):
    found, labels, names, _ = match(io.StringIO(text), conversion)
    assert found.tolist() == values
    assert (None if labels is None else labels.tolist()) == truth
    assert len(names) == len(values)


def test_rows_are_named_by_their_lines_and_unused_columns_are_said(tmp_path):
    (tmp_path / "new.csv").write_text("id,a,b\n\n7,1,2\n")
    _, _, names, notes = match(tmp_path / "new.csv", NAMED)
    assert names == ["line 3"]
    assert notes == ["columns that the network does not take: id"]


def test_the_number_of_inputs_can_be_given_and_the_class_column_told():
    values, truth, _, _ = match(io.BytesIO(b"1,2,3\n4,5,6\n"), Row(), inputs=2, label="1")
    assert (values.tolist(), truth.tolist()) == ([[2, 3], [5, 6]], [1, 4])


@pytest.mark.parametrize(("conversion", "text", "message"), [
    (NAMED, "a,c\n1,2\n", "stream must have the columns of the network's training: b is missing "
     "(it has a, c)"),
    (NAMED, "1,2,3,4\n", "stream must have rows of the 2 numbers that the network takes (a, b), "
     "with or without a class: it has 4 columns (a header line with these names finds them)"),
    (PICTURE, "1,2,3,4\n", "stream must have rows of the 2 numbers that the network takes, with or "
     "without a class: it has 4 columns"),
    (NAMED, "", "stream must have rows of 2 numbers: it has none"),
    (NAMED, "a,b\n", "stream must have rows of 2 numbers: it has a header line alone"),
    (NAMED, "a,b\n1,?\n", "stream must have a number in every cell: line 2, 'b' is '?'; rows with "
     "gaps: 1 (fill in or remove these rows, or leave columns out: --drop b)"),
])
def test_rows_that_do_not_fit_are_refused(conversion, text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        match(io.StringIO(text), conversion)


def test_a_column_that_numbers_the_rows_is_not_used(tmp_path):
    (tmp_path / "new.csv").write_text("id,p,q\n7,1,5\n8,2,3\n9,9,7\n")
    values, truth, _, notes = match(tmp_path / "new.csv", Row(), 2)
    assert (values.tolist(), truth) == ([[1, 5], [2, 3], [9, 7]], None)
    assert notes == ["'id' numbers the rows and is not used (--label id: it is the class)"]


def test_columns_are_left_out(tmp_path):
    (tmp_path / "new.csv").write_text("id,a,b,kind\n7,1,5,x\n8,2,6,y\n")
    values, truth, _, _ = match(tmp_path / "new.csv", Row(), 2, None, ("id",))
    assert (values.tolist(), truth.tolist()) == ([[1, 5], [2, 6]], ["x", "y"])
    values, truth, _, notes = match(tmp_path / "new.csv", Row(), 2, None, ("1", "kind"))
    assert (values.tolist(), truth, notes) == ([[1, 5], [2, 6]], None, [])


def test_a_class_that_is_called_like_a_header_does_not_make_one(tmp_path):
    (tmp_path / "new.csv").write_text("51,5,y\n7,10,n\n")
    values, truth, _, _ = match(tmp_path / "new.csv", Row(), 2)
    assert (values.tolist(), truth.tolist()) == ([[51, 5], [7, 10]], ["y", "n"])
