"""Faults while working: kills, full disks, folders that cannot be written, two runs at once."""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from hashlib import sha256

import numpy as np
import pytest

from sw.data import download
from sw.store.files import replacing, write_arrays, write_text
from sw.store.lock import alone, scratch
from tests import kill, killed
from tests.kill import OLD
from tests.killed import COMMANDS, Command, same


@pytest.mark.parametrize(("name", "rounds"), [("train", 1), ("fold", 3), ("generate", 2),
                                              ("download", 4)])
def test_a_killed_command_leaves_whole_files_and_the_next_run_goes_on(name, rounds):
    row, problems = kill.campaign(COMMANDS[name], rounds, 3, again=False, progress=False)
    assert problems == []
    assert (row["rounds"], row["survivors_ok"]) == (rounds, rounds)


SLOPPY = """
import time
with open("a", "w") as file:
    for _ in range(30):
        file.write("x" * 9999)
        time.sleep(0.05)
"""


def test_a_command_that_writes_in_place_is_found():
    command = Command("sloppy", lambda folder: ["-c", SLOPPY], {"a": same})
    row, problems = kill.campaign(command, 4, 1, progress=False)
    assert "a is neither old nor new" in problems[0]
    assert row["survivors_ok"] < row["killed"] <= 4


def test_a_tool_ends_with_the_build_that_is_killed(tmp_path):
    """Else it would write over what the next build makes."""
    code = ("from pathlib import Path\nfrom boards.toolchain.steps import Steps\n"
            "from boards.toolchain.tools import Tool\n"
            "Steps().run(Tool('sh', ('sh', '-c'), '', ''), ['echo $$ > pid; exec sleep 60'], "
            "directory=Path(), log='log')")
    process = kill.start(["-c", code], tmp_path)
    for _ in range(600):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip():
            break
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert kill.orphans(tmp_path) == []


# Full disks: a limit on the size of files fails in the same calls, and needs no other disk.

def limited(octets):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (octets, octets))


@pytest.mark.parametrize(("name", "octets"), [("fold", 2000), ("generate", 20_000),
                                              ("train", 20_000)])
def test_a_full_disk_is_one_line_that_names_the_file(tmp_path, name, octets):
    command = COMMANDS[name]
    words = command.prepare(tmp_path)
    kill.lay_old(command, tmp_path)
    before = kill.listing(tmp_path)
    code, out = kill.finish(kill.start(words, tmp_path, preexec_fn=limited(octets)))
    made = next(iter(command.makes))
    assert code == 2, out
    assert out.splitlines()[-1].endswith(
        f"{made}: File too large (choose a place where files may be as large)")
    assert "Traceback" not in out
    assert set(kill.contents(command, tmp_path).values()) == {OLD}
    assert kill.listing(tmp_path) == before


def test_a_full_disk_is_no_fault_of_a_mirror(tmp_path):
    words = COMMANDS["download"].prepare(tmp_path)
    words[1] = f"from sw.command import run; run(lambda: exec({words[1]!r}))"
    code, out = kill.finish(kill.start(words, tmp_path, preexec_fn=limited(100_000)))
    assert (code, out.strip()) == (2, "error: .set.gz.part: File too large (choose a place where "
                                      "files may be as large)")


@pytest.mark.parametrize("name", ["train", "fold", "generate", "build"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, name):
    """A file is in its place: permissions do not bind everybody who runs tests."""
    (tmp_path / "file").write_text("")
    words = COMMANDS[name].prepare(tmp_path)
    if name in ("train", "build"):
        words[words.index(tmp_path / "out")] = tmp_path / "file" / "out"
    else:
        words += ["-o", tmp_path / "file" / "x"]
    code, out = kill.finish(kill.start(words, tmp_path))
    assert code == 2, out
    assert out.splitlines()[-1].startswith(f"error: {tmp_path / 'file'}")
    assert "a part of the path is a file" in out
    assert "Traceback" not in out


def test_a_read_only_folder_is_one_line(tmp_path):
    code = ("import os, sys; sys.path.insert(0, sys.argv[1]); from sw.command import run; "
            "from sw.store.files import write_text; os.getuid() or os.setuid(65534); "
            "run(lambda: write_text('a.json', 'x'))")
    folder = tmp_path / "closed"
    folder.mkdir()
    for path in folder.parents[:3] if os.getuid() == 0 else ():  # for the child, somebody else
        path.chmod(0o755)
    folder.chmod(0o555)
    done = subprocess.run([sys.executable, "-c", code, str(kill.ROOT)], cwd=folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(
        "Permission denied (check its permissions, or choose another place)\n")
    assert list(folder.iterdir()) == []


# Two runs at once.

@pytest.mark.parametrize(("name", "lock", "what"), [
    ("train", "out/.tiny.ckpt.npz.lock", "Training of {}/out/tiny.ckpt.npz"),
    ("build", "out/icebreaker/.lock", "Build in {}/out/icebreaker")])
def test_a_second_run_in_the_same_folder_is_refused(tmp_path, name, lock, what):
    words = COMMANDS[name].prepare(tmp_path)
    kill.lay_old(COMMANDS[name], tmp_path)
    with alone(tmp_path / lock, "the first run"):
        code, out = kill.finish(kill.start(words, tmp_path))
    assert code == 2, out
    assert out.splitlines()[-1] == (
        f"error: {what.format(tmp_path)} must be one at a time: another run is at it (wait for "
        f"it, or choose another folder)")
    assert set(kill.contents(COMMANDS[name], tmp_path).values()) == {OLD}


def test_two_trainings_at_once_do_not_mix(tmp_path):
    words = COMMANDS["train"].prepare(tmp_path)
    both = [kill.start([*words, "--seed", seed], tmp_path) for seed in (1, 2)]
    codes = dict(zip((1, 2), map(kill.finish, both), strict=True))
    good = [seed for seed, (code, _) in codes.items() if code == 0]
    assert good, codes
    for code, out in codes.values():
        assert code == 0 or "must be one at a time: another run is at it" in out
    from sw import checkpoint
    record = killed.without()((tmp_path / "out" / "tiny.json").read_bytes())
    saved = checkpoint.load(tmp_path / "out" / "tiny.ckpt.npz")
    assert record["seed"] == saved.provenance["seed"] in good
    assert record["test_correct"] == saved.provenance["test_correct"]


def test_two_downloads_at_once_end_well(tmp_path):
    words = COMMANDS["download"].prepare(tmp_path)
    both = [kill.start(words, tmp_path) for _ in range(2)]
    assert [kill.finish(process)[0] for process in both] == [0, 0]
    assert sha256((tmp_path / "set.gz").read_bytes()).digest() == sha256(killed.CONTENT).digest()
    assert kill.listing(tmp_path) == {"set.gz"}


def test_many_writers_of_a_file_leave_one_of_theirs(tmp_path):
    texts = [str(number) * 200_000 for number in range(8)]
    threads = [threading.Thread(target=write_text, args=(tmp_path / "a", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_text() in texts
    assert kill.listing(tmp_path) == {"a"}


def test_what_a_killed_writer_left_goes_with_the_next(tmp_path):
    left = tmp_path / ".a.0123456789abcdef.part.npz"
    left.write_bytes(b"half")
    other = tmp_path / ".ab.0123456789abcdef.part.npz"
    other.write_bytes(b"of another file")
    with replacing(tmp_path / "a.npz") as temporary:
        write_arrays(tmp_path / "a.npz", {"x": np.arange(3)})  # at the same time
        temporary.write_bytes(b"last")
    assert (tmp_path / "a.npz").read_bytes() == b"last"
    assert kill.listing(tmp_path) == {"a.npz", other.name}


def test_a_lock_is_free_again_after_a_kill(tmp_path):
    code = ("import time; from sw.store.lock import alone\n"
            "with alone('lock', 'It'): print('in', flush=True); time.sleep(60)")
    process = kill.start(["-c", code], tmp_path)
    assert process.stdout.readline() == "in\n"
    with pytest.raises(ValueError, match=r"^This must be one at a time: another run is at it "
                       r"\(wait for it, or choose another folder\)$"):
        alone(tmp_path / "lock", "This").__enter__()
    process.kill()
    process.communicate()
    assert (tmp_path / "lock").exists()
    with alone(tmp_path / "lock", "This"):
        pass
    assert kill.listing(tmp_path) == set()


def test_waiting_takes_turns(tmp_path):
    inside, most = [], []

    def enter():
        with alone(tmp_path / "lock", "It", wait=True):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 12


def test_scratch_folders_of_killed_runs_are_removed_those_in_use_stay(tmp_path):
    (tmp_path / ".run-left" / "deep").mkdir(parents=True)
    with scratch(tmp_path, ".run-") as first, scratch(tmp_path, ".run-") as second:
        assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name}
    assert list(tmp_path.iterdir()) == []


def test_wrong_bytes_of_every_mirror_name_the_checksum(tmp_path):
    words = COMMANDS["download"].prepare(tmp_path)
    url = words[1].split("'")[-2]
    file = download.File("set.gz", len(killed.CONTENT), "0" * 64)
    with pytest.raises(OSError, match=rf"^set\.gz could not be downloaded: .*: sent another file "
                       rf"\(SHA-256 {sha256(killed.CONTENT).hexdigest()[:12]}, not 0{{12}}\) \(go "
                       rf"online and try again, "):
        download.fetch(file, tmp_path, [url])
    assert kill.listing(tmp_path) == set()


def test_without_a_network_the_way_out_is_said(tmp_path):
    file = download.File("set.gz", 5, "0" * 64)
    with pytest.raises(OSError, match=r"^set\.gz could not be downloaded: no-such-host\.invalid: "
                                      r".* \(go online and try again, or put the file into "):
        download.fetch(file, tmp_path, ["http://no-such-host.invalid/x"])


def test_a_new_scratch_folder_taken_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    make, made = tempfile.mkdtemp, []

    def taken(*arguments, **options):
        made.append(make(*arguments, **options))
        if len(made) == 1:
            os.rmdir(made[0])  # as another run does that cleans up
        return made[-1]

    monkeypatch.setattr("tempfile.mkdtemp", taken)
    with scratch(tmp_path, ".run-") as folder:
        write_text(folder / "a", "x")
    assert (len(made), list(tmp_path.iterdir())) == (2, [])
