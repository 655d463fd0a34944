import io
import re

import numpy as np
import pytest

from sw import conversion as conversions
from sw.conversion import Row
from sw.data import datasets
from sw.data.convert import Converter
from sw.data.describe import describe
from sw.data.form.newrows import match
from sw.data.options import Options


HEAD = "size,colour,weight,shape,label\n"
ROWS = ["1,red,0.5,round,A\n", "2,blue,1.5,square,B\n", "3,red,2.5,round,A\n",
        "1,green,0.5,round,B\n"] * 3


def load(folder, rows=ROWS, head=HEAD, test=None, **options):
    path = folder / "x.csv"
    path.write_text(head + "".join(rows))
    if test is not None:
        (folder / "x.test.csv").write_text(head + "".join(test))
    return datasets.load(path, Options(**options))


def test_each_word_is_an_input_at_the_place_of_its_column(tmp_path):
    data = load(tmp_path, test=ROWS[:4])
    assert data.conversion.categories == (None, ("blue", "green", "red"), None,
                                          ("round", "square"))
    assert data.test_images.tolist() == [[1, 0, 0, 255, 0, 255, 0], [2, 255, 0, 0, 128, 0, 255],
                                         [3, 0, 0, 255, 255, 255, 0], [1, 0, 255, 0, 0, 255, 0]]
    assert (data.conversion.low[2], data.conversion.high[2]) == (0.5, 2.5)
    assert data.facts.guessed[-1] == ("columns colour, shape hold words: each of 5 different ones "
                                      "becomes an input (--drop colour,shape: none does)")


def test_the_rows_are_said_to_hold_numbers_and_words(tmp_path):
    said = "\n".join(describe(load(tmp_path, test=ROWS), None))
    assert "files have  rows of 2 numbers and 2 words, values 0.5..3\n" in said
    assert "colour: an input for each of its words 'blue', 'green', 'red' (3)" in said


def test_a_table_of_words_alone_needs_no_header(tmp_path):
    rows = ["p,x,s\n", "e,y,n\n", "p,x,n\n", "e,x,s\n"] * 4
    data = load(tmp_path, rows, "", label="1")
    assert data.conversion.places == (1, 2)
    assert (data.input_shape, data.labels) == ((4,), ("e", "p"))
    assert "files have  rows of 2 words\n" in "\n".join(describe(data, None))


def test_a_header_above_words_alone_is_found_and_said(tmp_path):
    rows = ["sunny,hot,no\n", "rain,mild,yes\n", "sunny,mild,yes\n"] * 3
    data = load(tmp_path, rows, "outlook,heat,play\n", label="play")
    assert data.conversion.columns == ("outlook", "heat")
    assert data.facts.guessed[0] == ("the first line names the columns, because none of its words "
                                     "comes again in its column")


def test_words_of_the_test_part_alone_are_no_input_and_counted(tmp_path):
    data = load(tmp_path, test=["1,red,0.5,round,A\n", "2,pink,1.5,oval,B\n", "2,pink,1,oval,B\n"])
    assert data.test_images[1].tolist() == [2, 0, 0, 0, 128, 0, 0]
    assert data.facts.warnings[0] == (
        "test part: 2 rows have words in 'colour' that no training row has: 'pink' (2); all inputs "
        "of this column are 0 there")


def test_words_of_rows_that_are_split_off_are_no_input(tmp_path):
    data = load(tmp_path, [*ROWS, "1,pink,0.5,round,A\n"])
    assert data.conversion.categories[1] == ("blue", "green", "red")
    assert data.facts.warnings[0] == (
        "test part: 1 row has a word in 'colour' that no training row has: 'pink' (1); all inputs "
        "of this column are 0 there")


def test_a_user_may_say_that_numbers_are_words(tmp_path):
    data = load(tmp_path, test=ROWS, categories=("size",), drop=("colour", "shape"))
    assert data.conversion.categories == (("1", "2", "3"), None)
    assert data.test_images[1].tolist() == [0, 255, 0, 128]


def test_numbers_and_gaps_among_words_are_words(tmp_path):
    rows = [row.replace("red", "12").replace("green", "?") for row in ROWS]
    assert load(tmp_path, [row.replace("blue", "3+") for row in rows],
                categories=("colour",)).conversion.categories[1] == ("12", "3+", "?")


@pytest.mark.parametrize(("cell", "options", "message"), [
    ("colour{}", {}, "must have at most 100 different words in a column: 'colour' has more in line "
     "102 (--drop colour leaves it out)"),
    ("x" * 201, {}, "must have words of at most 200 characters: line 2, 'colour' has 201 (--drop "
     "colour leaves the column out)"),
    ("red", {"size": (2, 2)}, "Size must be given for pixels: {path} has columns of words (leave "
     "--size out, or the columns with --drop)"),
    ("red", {"categories": ("label",)}, "--categories must name columns of {path} that are inputs: "
     "'label' is the class or dropped"),
])
def test_columns_that_are_no_categories_are_refused(tmp_path, cell, options, message):
    path = tmp_path / "x.csv"
    text = message.format(path=path)
    text = text if "{path}" in message else f"{path} {text}"
    rows = [f"1,{cell.format(place)},0.5,round,{'AB'[place % 2]}\n" for place in range(120)]
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        load(tmp_path, rows, **options)


def test_names_of_rows_are_warned_of(tmp_path):
    rows = [row.replace("red", f"r{place}").replace("blue", f"b{place}").replace(
        "green", f"g{place}") for place, row in enumerate(ROWS)]
    assert load(tmp_path, rows).facts.warnings[0] == (
        "column 'colour' has another word in every row: if it names the rows, leave it out with "
        "--drop colour")


ROW = Row(columns=("a", "b"), low=(0, 0), high=(2, 1), categories=(None, ("x", "y")))
PLACED = Row(places=(1, 2), width=4, categories=(None, ("x", "y")))


@pytest.mark.parametrize(("conversion", "text", "made", "notes"), [
    (ROW, "b,a\nx,1\ny,2\n", [[128, 255, 0], [255, 0, 255]], []),
    (ROW, "1,x\n", [[128, 255, 0]], []),
    (ROW, "b,a,label\nz,1,u\nz,0,v\n", [[128, 0, 0], [0, 0, 0]],
     ["2 rows have words in 'b' that no training row has: 'z' (2); all inputs of this column are 0 "
      "there"]),
    (PLACED, "9,1,x,A\n8,2,y,B\n", [[1, 255, 0], [2, 0, 255]], []),
    (PLACED, "3,y\n", [[3, 0, 255]], []),
])
def test_new_rows_have_the_inputs_of_the_training(conversion, text, made, notes):
    values, _, _, said = match(io.StringIO(text), conversion, inputs=3)
    assert Converter(conversion, (3,)).all(values).tolist() == made
    assert said == notes


def test_a_row_of_words_is_no_header_for_a_network_without_names():
    conversion = Row(places=(0, 1), width=3, categories=(("a", "b"), ("x", "y")))
    values, *_ = match(io.StringIO("a,x\nb,y\nb,y\n"), conversion, inputs=4)
    assert values.tolist() == [[0, 0], [1, 1], [1, 1]]


def test_a_word_for_a_number_is_refused():
    with pytest.raises(ValueError, match=r"^stream must hold numbers in columns of numbers: line "
                                         r"2, 'a' is 'q' \(write a number\)$"):
        match(io.StringIO("a,b\nq,x\n"), ROW, inputs=3)


def test_numbers_of_another_range_leave_words_alone():
    converter = Converter(ROW, (3,), given=(0, 10))
    assert converter.all(np.array([[5.0, 1], [10, -1]])).tolist() == [[128, 0, 255], [255, 0, 0]]


def test_words_survive_json_and_others_are_not_written():
    assert conversions.from_json(conversions.to_json(ROW)) == ROW
    assert "categories" not in conversions.to_json(Row())


@pytest.mark.parametrize(("categories", "message"), [
    ([None, None], "Categories of a row must be left out where no column has words"),
    ([["x", "x"]], "Categories of a column must be 1 to 100 different words of at most 200 "
     "characters"),
    (["xy"], "Categories of a column must be 1 to 100 different words of at most 200 characters"),
    ([[1]], "Categories of a column must be 1 to 100 different words of at most 200 characters"),
])
def test_damaged_words_are_refused(categories, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        conversions.from_json({**conversions.to_json(Row()), "categories": categories})


@pytest.mark.parametrize(("shape", "message"), [
    ((4,), "Conversion must give the inputs of the network, of shape (4,): its numbers and words "
     "are 3"),
    ((3, 1), "Conversion must give the inputs of the network, of shape (3, 1): its numbers and "
     "words are 3"),
])
def test_words_must_fit_the_network(shape, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        conversions.check(ROW, shape)
