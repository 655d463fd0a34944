"""sw.data --json: what a dataset is, for programs, and samples of each class."""

import json

import numpy as np
from PIL import Image

from sw.data.__main__ import main
from sw.data.summary import BAR_WIDTH, EDGE, SAMPLES, bars


def test_a_summary_has_counts_and_samples(tmp_path, capsys):
    rng = np.random.default_rng(1)
    for name, count in (("cat", 10), ("dog", 20)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for index in range(count):
            pixels = rng.integers(0, 256, (6, 4), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{index:02}.png")
    main([str(tmp_path / "pets"), "--json", str(tmp_path / "pets.json")])
    found = json.loads((tmp_path / "pets.json").read_text())
    assert (found["labels"], found["train"], found["test"], found["shape"]) == (
        ["cat", "dog"], [8, 16], [2, 4], [6, 4])
    assert found["warnings"] == ["classes with fewer than 10 training examples: cat (8)"]
    assert found["lines"] == capsys.readouterr().out.splitlines()[:-1]
    sheet = np.asarray(Image.open(tmp_path / "pets.png"))
    assert sheet.shape == (2 * 6, SAMPLES * 4)
    first = np.asarray(Image.open(tmp_path / "pets" / "dog" / "00.png"))
    assert (sheet[6:, :4] == first).all()
    assert not sheet[:6, 8 * 4:].any()  # there are 8 cats


def test_rows_of_numbers_become_bars():
    drawn = bars(np.array([[0, 128, 255] * 8], np.uint8))[0]
    assert (drawn > 0).sum(axis=0).tolist() == [1, 17, 32] * 8
    assert drawn[-1].all()


def test_bars_of_few_numbers_have_gaps():
    drawn = bars(np.array([[0, 128, 255]], np.uint8))[0]
    bar = BAR_WIDTH - 1
    assert (drawn == 255).sum(axis=0).tolist() == [*[1] * bar, 0, *[17] * bar, 0, *[32] * bar, 0]
    assert (drawn[:, -1] == EDGE).all()


def test_columns_of_a_table_have_names_and_ranges(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b,kind\n" + "".join(f"{n / 2},{n},{'xy'[n % 2]}\n" for n in range(40)))
    main([str(table), "--json", str(tmp_path / "t.json")])
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["columns"] == [["a", 0.0, 15.5], ["b", 0.0, 255.0]]


def test_columns_of_words_have_their_words(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b,kind\n" + "".join(f"{n / 2},{'pqr'[n % 3]},{'xy'[n % 2]}\n"
                                            for n in range(40)))
    main([str(table), "--label", "kind", "--json", str(tmp_path / "t.json")])
    found = json.loads((tmp_path / "t.json").read_text())
    assert found["columns"] == [["a", 0.0, 15.5], ["b", 0, 2, ["p", "q", "r"]]]
