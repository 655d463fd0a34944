"""Each speaker held out in turn: which trainings run, and the mean of their accuracies."""

import json

import numpy as np
import pytest

from tests.recordings import dataset
from train import bnn_mnist, speakers


def words(folder, *more):
    return ["--dataset", str(folder / "tones"), "--hold-out", "each", "--size", "6x4", "--hidden",
            "8", "--epochs", "2", "--batch", "8", "--name", "net", "--output", str(folder / "out"),
            *more]


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Let trainings run in this process; return their speakers."""
    dataset(tmp_path / "tones", each=6)
    ran = []

    def run(command):
        ran.append(command[command.index("--hold-out") + 1])
        return bnn_mnist.main(command[3:])

    monkeypatch.setattr(speakers, "run", run)
    return ran


def test_every_speaker_is_held_out_once(tmp_path, trained, capsys):
    assert bnn_mnist.main(words(tmp_path)) == 0
    assert trained == ["ann", "bob", "eve"]
    said = json.loads((tmp_path / "out" / "net.speakers.json").read_text())
    each = [json.loads((tmp_path / "out" / f"net-{name}.json").read_text()) for name in trained]
    assert said["mean"] == np.mean([entry["test_accuracy"] for entry in each])
    assert [entry["data"]["hold_out"] for entry in each] == trained
    out = capsys.readouterr().out
    assert f"mean                 {said['mean']:5.2f} %\n" in out
    before = len(trained)
    assert bnn_mnist.main(words(tmp_path)) == 0  # all is done
    assert len(trained) == before
    assert bnn_mnist.main(words(tmp_path, "--seed", "2")) == 0  # another training
    assert len(trained) == 2 * before


def test_an_interrupted_run_goes_on_with_the_next_speaker(tmp_path, trained, monkeypatch):
    run, calls = speakers.run, []

    def interrupted(command):
        calls.append(command)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run(command)

    monkeypatch.setattr(speakers, "run", interrupted)
    assert bnn_mnist.main(words(tmp_path)) == 130
    assert bnn_mnist.main(words(tmp_path)) == 0
    assert trained == ["ann", "bob", "eve"]


def test_other_data_have_no_speakers(tmp_path):
    (tmp_path / "t.csv").write_text("a,label\n1,x\n2,y\n")
    with pytest.raises(ValueError, match=r"^--hold-out each must be given for recordings of "
                       r"several speakers, named as CLASS_SPEAKER_INDEX.wav or "
                       r"CLASS/SPEAKER_INDEX.wav: .*t.csv has none$"):
        bnn_mnist.main(["--dataset", str(tmp_path / "t.csv"), "--hold-out", "each"])


def test_options_of_a_speaker_are_left_out():
    assert speakers.without(["--hold-out", "each", "--seed", "2", "--name=x", "--resume", "--flip"],
                            speakers.LEFT_OUT) == ["--seed", "2", "--flip"]
