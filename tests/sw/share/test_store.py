import subprocess
import sys

import pytest
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState

from sw.share import store


FACTS = {"data": "abc", "board": "icebreaker"}


def fresh(tmp_path, **options):
    made = store.Store(tmp_path, "name", **options)
    return made, made.study(FACTS)


def dead_process():
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def asked(study, worker):
    trial = study.ask()
    trial.set_user_attr("worker", worker)
    trial.set_user_attr("words", ["--hidden", "5"])
    trial.suggest_int("width", 1, 9)
    return trial


def test_the_trial_of_a_dead_worker_is_taken_up_once(tmp_path):
    made, study = fresh(tmp_path)
    host = made.worker.partition(":")[0]
    trial = asked(study, f"{host}:{dead_process()}")
    other, same = fresh(tmp_path)
    other.take_up(same)
    other.take_up(same)
    states = [each.state for each in same.trials]
    assert states == [TrialState.FAIL, TrialState.WAITING]
    again = same.ask()
    assert again.user_attrs["again"] == trial.number
    assert again.suggest_int("width", 1, 9) == trial.params["width"]


@pytest.mark.parametrize("worker", ["elsewhere:1", "own"])
def test_trials_of_living_and_of_far_workers_stay(tmp_path, worker):
    made, study = fresh(tmp_path)
    asked(study, made.worker if worker == "own" else worker)
    made.take_up(study)
    assert [each.state for each in study.trials] == [TrialState.RUNNING]


def test_equal_trials_count_once(tmp_path):
    _, study = fresh(tmp_path)
    for key in ("a", "b", "a"):
        trial = study.ask()
        trial.set_user_attr("key", key)
        study.tell(trial, (1, 2, 3))
    assert [trial.user_attrs["key"] for trial in store.ended(study)] == ["a", "b"]


def test_a_journal_that_was_cut_short_is_mended(tmp_path):
    _, study = fresh(tmp_path)
    study.tell(study.ask(), (1, 2, 3))
    with open(tmp_path / store.JOURNAL, "ab") as file:
        file.write(b'{"op_code": 4, "wor')
    _, study = fresh(tmp_path)
    study.tell(study.ask(), (4, 5, 6))
    _, study = fresh(tmp_path)
    assert [trial.values for trial in study.trials] == [[1, 2, 3], [4, 5, 6]]


def test_a_damaged_journal_is_refused(tmp_path):
    fresh(tmp_path)
    path = tmp_path / store.JOURNAL
    path.write_bytes(b"noise\n" + path.read_bytes())
    with pytest.raises(ValueError, match=r"^Storage .*trials.journal must be intact: .* \(restore "
                                         r"it, or give another folder with --output\)$"):
        fresh(tmp_path)


def test_other_facts_are_refused(tmp_path):
    made, _ = fresh(tmp_path)
    with pytest.raises(ValueError, match=r"^Search 'name' in .*trials.journal must have the board "
                                         r"that it began with, icebreaker: ulx3s \(give another "
                                         r"name with --name\)$"):
        made.study({**FACTS, "board": "ulx3s"})


def test_a_folder_of_another_name_is_refused(tmp_path):
    fresh(tmp_path)
    with pytest.raises(ValueError, match=r"^.* must be a folder of search 'other': it is of 'name' "
                       r"\(give another folder with --output, or that name with --name\)$"):
        store.Store(tmp_path, "other").study(FACTS)


def test_an_address_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        fresh(tmp_path, artefacts=str(tmp_path / "file" / "x"))


def test_an_error_that_optuna_wraps_is_named(tmp_path):
    made, _ = fresh(tmp_path)

    def failing():
        with made.speaking():
            raise StorageInternalError("during the commit") from OSError("the disk is full")

    with pytest.raises(ValueError, match=r"^Storage .* must answer: the disk is full \(start it"):
        failing()


@pytest.mark.parametrize(("url", "reason"), [
    ("postgresql://me:secret@127.0.0.1:1/x", "postgresql://me:.{3}@127.0.0.1:1/x must answer: .*"),
    ("nonsense", "'nonsense' must answer: Could not parse SQLAlchemy URL.*"),
])
def test_a_database_that_does_not_answer_is_named(tmp_path, url, reason):
    with pytest.raises(ValueError, match=rf"^Storage {reason} \(start it, free its disk, or check "
                                         r"the address; all that it has stays\)$") as caught:
        store.Store(tmp_path, "name", url)
    assert "secret" not in str(caught.value)


def test_a_database_of_another_version_is_named(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    made = store.Store(tmp_path, "name", url)
    with made.storage.engine.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = 'v0.9.0.a'")
    with pytest.raises(ValueError, match=r"^Storage sqlite:.*x.db must be of this version of "
                                         r"Optuna: .*$"):
        store.Store(tmp_path, "name", url)


def test_files_come_back_from_the_shared_place(tmp_path):
    (tmp_path / "a").write_text("content")
    made, _ = fresh(tmp_path / "one", artefacts=str(tmp_path / "shared"))
    assert made.put(tmp_path / "a", "x/a.npz") == f"{tmp_path / 'shared'}/x/a.npz"
    other, _ = fresh(tmp_path / "two", artefacts=str(tmp_path / "shared"))
    other.get("x/a.npz", tmp_path / "back" / "a.npz")
    assert (tmp_path / "back" / "a.npz").read_text() == "content"
    assert [path.name for path in (tmp_path / "shared" / "x").iterdir()] == ["a.npz"]


def test_files_go_to_any_address_of_fsspec(tmp_path):
    (tmp_path / "a").write_text("content")
    made, _ = fresh(tmp_path / "one", artefacts="memory://bucket")
    made.put(tmp_path / "a", "x/a.npz")
    assert made.files.cat("/bucket/x/a.npz") == b"content"
