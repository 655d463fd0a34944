import json
from argparse import ArgumentTypeError

import pytest

from boards import seeds


@pytest.mark.parametrize(("text", "found"), [("1-3", [1, 2, 3]), ("5", [5]), ("2,7,2", [2, 7])])
def test_seeds_are_numbers_and_ranges(text, found):
    assert seeds.seeds(text) == found


@pytest.mark.parametrize("text", ["", "a", "3-1", "1-", "1-99999"])
def test_other_seeds_are_refused(text):
    with pytest.raises(ArgumentTypeError, match=r"^must be up to 1000 numbers such as 1,2,5 or "
                                                r"1-4: "):
        seeds.seeds(text)


@pytest.fixture
def asked(monkeypatch):
    """Replace builds: seed N reaches 10 + N MHz; return the seeds that were built."""
    built = []

    def attempt(request, output, steps):
        built.append(request.seed)
        return {"seed": request.seed, "folder": str(output), "reached": 10.0 + request.seed,
                "met": 1e6 * (10 + request.seed) >= request.frequency}

    monkeypatch.setattr(seeds, "attempt", attempt)
    return built


def words(folder, *more):
    return ["icebreaker", "data/networks/icebreaker.net.npz", "--output", str(folder), *more]


def test_the_first_seed_that_meets_the_clock_ends_the_work(tmp_path, asked, capsys):
    assert seeds.main(words(tmp_path, "--freq", "12", "--seeds", "1-9")) == 0
    assert asked == [1, 2]
    assert json.loads((tmp_path / "icebreaker-icebreaker" / "seeds.json").read_text())[1]["met"]
    assert "   2        12.00  yes" in capsys.readouterr().out


def test_all_seeds_may_be_built_by_two_workers(tmp_path, asked):
    url = ["--storage", f"sqlite:///{tmp_path / 'x.db'}", "--all", "--freq", "12"]
    seeds.main(words(tmp_path / "one", "--seeds", "1,2", *url))
    seeds.main(words(tmp_path / "two", "--seeds", "1-4", *url))
    assert asked == [1, 2, 3, 4]
    made = json.loads((tmp_path / "two" / "icebreaker-icebreaker" / "seeds.json").read_text())
    assert [each["seed"] for each in made] == [1, 2, 3, 4]


def test_a_clock_that_no_seed_meets_is_named(tmp_path, asked):
    with pytest.raises(ValueError, match=r"^Clock must be at most 13.00 MHz, the highest that 3 "
                       r"seeds reached \(lower --freq, or try more --seeds\)$"):
        seeds.main(words(tmp_path, "--freq", "40", "--seeds", "1-3"))


def test_builds_of_another_clock_are_refused(tmp_path, asked):
    url = ["--storage", f"sqlite:///{tmp_path / 'x.db'}", "--seeds", "9"]
    seeds.main(words(tmp_path, "--freq", "12", *url))
    with pytest.raises(ValueError, match=r"^Build with seeds 'icebreaker-icebreaker' in sqlite:.* "
                       r"must have the clock that it began with, 12000000.0: 13000000.0 \(give "
                       r"another name with --name\)$"):
        seeds.main(words(tmp_path, "--freq", "13", *url))
