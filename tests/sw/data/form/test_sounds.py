import io
import tarfile
from collections import Counter

import numpy as np
import pytest

from sw.data import datasets
from sw.data.options import Options
from tests.recordings import dataset, wav


def named(folder, names, rate=8000):
    folder.mkdir(exist_ok=True)
    for place, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(wav(np.arange(600) * place % 999, rate))
    return folder


FSDD = [f"{digit}_{speaker}_{index}.wav" for digit in "01" for speaker in ("ann", "bob")
        for index in range(7)]


def test_names_of_fsdd_have_its_test_part(tmp_path):
    raw = datasets.read(named(tmp_path / "d", FSDD))
    assert Counter(raw.train.labels.tolist()) == {"0": 4, "1": 4}
    assert raw.test_from == "recordings 0 to 4 of each class and speaker"
    assert len(raw.test) == 20


def test_a_speaker_is_held_out(tmp_path):
    raw = datasets.read(named(tmp_path / "d", FSDD), Options(hold_out="bob"))
    assert len(raw.train) == len(raw.test) == 14
    assert all("_bob_" in name for name in raw.test.names)
    assert not any("_bob_" in name for name in raw.train.names)


def test_folders_are_classes_and_parts(tmp_path):
    raw = datasets.read(named(tmp_path / "d", ["x/train/yes/1.wav", "x/train/no/in/2.wav",
                                               "x/test/yes/3.wav"]))
    assert sorted(raw.train.labels.tolist()) == ["no", "yes"]
    assert raw.test.labels.tolist() == ["yes"]


def test_a_table_tells_classes(tmp_path):
    folder = named(tmp_path / "d", ["1.wav", "2.wav", "3.wav"])
    (folder / "labels.csv").write_text("file,label\n1.wav,yes\n2.wav,no\n3.wav,yes\n")
    raw = datasets.read(folder)
    assert (raw.train.labels.tolist(), raw.test, raw.known) == (["yes", "no", "yes"], None,
                                                                {"rate": 8000})
    assert raw.guessed == ["classes of recordings come from column 'label' of labels.csv, the "
                           "only other one (--label changes it)"]
    with pytest.raises(ValueError, match=r"^--hold-out must be given for recordings whose names "
                                         r"tell speakers: labels.csv in .*/d tells classes "
                                         r"alone$"):
        datasets.read(folder, Options(hold_out="ann"))
    assert datasets.read(folder, Options(label="file")).train.labels.tolist() == [
        "1.wav", "2.wav", "3.wav"]
    (folder / "labels.csv").unlink()
    with pytest.raises(ValueError, match=r"^--label must be given for a table alone: .*/d has "
                                         r"none$"):
        datasets.read(folder, Options(label="file"))


def test_an_archive_is_its_folder(tmp_path):
    with tarfile.open(tmp_path / "d.tar.gz", "w:gz") as archive:
        for name in FSDD:
            octets = wav(np.arange(500))
            info = tarfile.TarInfo(f"set/recordings/{name}")
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    found = datasets.load(tmp_path / "d.tar.gz", Options(size=(4, 6)))
    assert (found.train_images.shape, found.test_images.shape) == ((8, 4, 6), (20, 4, 6))
    assert found.conversion.rate == 8000


@pytest.mark.parametrize(("names", "options", "message"), [
    (FSDD, {"hold_out": "eve"}, r"Speaker of --hold-out must be one of ann, bob: 'eve'"),
    (["a/1.wav", "b/2.wav"], {"hold_out": "eve"}, r"--hold-out must be given for recordings whose "
     r"names tell speakers, as CLASS_SPEAKER_INDEX.wav or CLASS/SPEAKER_INDEX.wav: .*/d has none"),
    (["word.wav", "other.wav"], {}, r".*/d must hold recordings in one subfolder a class, as in "
     r".*/d/yes/1.wav, named CLASS_SPEAKER_INDEX.wav, or named in .*/d/labels.csv: other.wav"),
])
def test_names_without_classes_or_speakers_are_refused(tmp_path, names, options, message):
    with pytest.raises(ValueError, match=rf"^{message}$"):
        datasets.read(named(tmp_path / "d", names), Options(**options))


@pytest.mark.parametrize(("options", "message"), [
    ({"hold_out": "ann", "test": "0.2"}, r"Test part must be given once: --hold-out ann and --test "
     r"0.2 are \(leave one out\)"),
    ({"invert": True}, r"--invert must be given for pictures or numbers: .*/d holds recordings "
     r"\(--size BANDSxWINDOWS can be given\)"),
])
def test_options_of_other_data_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=rf"^{message}$"):
        datasets.load(named(tmp_path / "d", FSDD), Options(**options))


def test_a_table_has_no_speakers(tmp_path):
    (tmp_path / "t.csv").write_text("a,label\n1,x\n2,y\n")
    with pytest.raises(ValueError, match=r"^--hold-out must be given for recordings alone: "
                                         r".*t.csv is none$"):
        datasets.read(tmp_path / "t.csv", Options(hold_out="ann"))


def test_recordings_of_another_rate_are_left_out_and_named(tmp_path):
    folder = dataset(tmp_path / "d", each=6)
    (folder / "low" / "bob_9.wav").write_bytes(wav(np.arange(900), 16000))
    found = datasets.load(folder, Options(hold_out="ann"))
    assert len(found.train_images) == 12
    assert found.facts.ignored == [
        f"{folder}/low/bob_9.wav must have 8,000 samples a second, as the other recordings: 16,000 "
        f"(ffmpeg -i IN.wav -ar 8000 OUT.wav converts it)"]
