"""Recordings from folder to label: training, file, and answers for WAV files."""

import json

import numpy as np
import pytest

from sw import checkpoint, classify, evaluate, fold, network
from sw.sound import Sound
from tests.recordings import dataset, wav
from train import bnn_mnist


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    bnn_mnist.main(["--dataset", str(dataset(folder / "tones")), "--hold-out", "eve", "--size",
                    "6x4", "--hidden", "24", "--epochs", "8", "--batch", "8", "--output",
                    str(folder), "--name", "net"])
    fold.main([str(folder / "net.ckpt.npz")])
    return folder


def test_the_network_keeps_how_it_hears(trained):
    folded = network.load(trained / "net.net.npz")
    assert folded.conversion == Sound(8000, 6, 4)
    assert folded.input_shape == (6, 4)


def test_classify_is_as_good_as_training_said(trained, capsys):
    said = json.loads((trained / "net.json").read_text())
    files = sorted((trained / "tones").glob("*/eve_*.wav"))
    assert classify.main([str(trained / "net.net.npz"), *map(str, files), "--json",
                          str(trained / "answers.json")]) == 0
    answers = json.loads((trained / "answers.json").read_text())
    assert (answers["correct"], answers["class_known"]) == (said["test_correct"], 12)
    want = checkpoint.load(trained / "net.ckpt.npz").test_scores
    by_name = {entry["file"]: entry["scores"] for entry in answers["examples"]}
    np.testing.assert_array_equal([by_name[str(file)] for file in files], want)


def test_the_speaker_stays_held_out_when_evaluated(trained, capsys):
    evaluate.main([str(trained / "net.net.npz")])
    assert "all recordings of eve" in capsys.readouterr().out


def test_a_folder_of_recordings_is_classified_and_shown(trained, capsys):
    (trained / "show").mkdir(exist_ok=True)
    classify.main([str(trained / "net.net.npz"), str(trained / "tones" / "low"), "--show",
                   str(trained / "show")])
    assert (trained / "show" / "sheet.png").exists()


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.wav", wav(np.arange(900), 16000), r"must have 8,000 samples a second, as the other "
     r"recordings: 16,000 \(ffmpeg -i IN.wav -ar 8000 OUT.wav converts it\)"),
    ("a.csv", b"1,2,3\n", r"must be a recording \(WAV\), as the network was trained with: it is "
     r"another file \(convert it with ffmpeg, or give another network\)"),
    ("b.wav", b"noise", r"must be a WAV file: its first octets are others \(ffmpeg -i IN -ac 1 "
     r"-ar 16000 OUT.wav makes one of most sounds\)"),
    ("a.mp3", b"ID3" + bytes(99), r"must be a picture, a recording, a table or arrays: it is a "
     r"recording \(MP3\) \(make a WAV file of it: ffmpeg -i .*a.mp3 -ac 1 -ar 16000 a.wav\)"),
])
def test_other_files_are_refused(trained, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"^{tmp_path / name} {message}$"):
        classify.main([str(trained / "net.net.npz"), str(tmp_path / name)])


def test_a_network_of_pictures_refuses_recordings(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(np.arange(900)))
    with pytest.raises(ValueError, match=r"^.*a.wav must be a picture, a table or arrays, as the "
                                         r"network was trained with: it is a recording \(give a "
                                         r"network that was trained with recordings\)$"):
        classify.main(["data/networks/sfc.net.npz", str(tmp_path / "a.wav")])
