"""sw.command: a user's mistake is one line on stderr and exit code 2."""

import subprocess
import sys

import pytest

from sw.command import run


def failing(error):
    def main():
        raise error
    return main


@pytest.mark.parametrize("status", [None, 0, 1])
def test_exit_code_is_what_main_returns(status):
    with pytest.raises(SystemExit) as caught:
        run(lambda: status)
    assert caught.value.code == status


@pytest.mark.parametrize(("error", "code", "line"), [
    (ValueError("Threshold must be positive:\n  -1"), 2, "error: Threshold must be positive: -1\n"),
    (FileNotFoundError(2, "No such file", "a.npz"), 2,
     "error: a.npz: No such file (check the path)\n"),
    (OSError(5, "Broken", "a.npz"), 2, "error: [Errno 5] Broken: 'a.npz'\n"),
    (OSError(27, "File too large", "a.npz"), 2,
     "error: a.npz: File too large (choose a place where files may be as large)\n"),
    (ValueError("Label must be short: " + "x" * 9999), 2,
     "error: Label must be short: " + "x" * 979 + " …\n"),
    (ValueError("Label must be printable: \x1b[2J"), 2,
     "error: Label must be printable: \ufffd[2J\n"),
    (KeyboardInterrupt(), 130, "interrupted\n"),
])
def test_mistakes_are_one_line(capsys, error, code, line):
    with pytest.raises(SystemExit) as caught:
        run(failing(error))
    assert caught.value.code == code
    assert capsys.readouterr() == ("", line)


def test_faults_of_our_own_keep_their_traceback():
    with pytest.raises(ZeroDivisionError):
        run(failing(ZeroDivisionError()))


def test_a_reader_that_goes_away_is_no_traceback():
    code = ("from sw.command import run\n"
            "run(lambda: [print('x' * 100) for _ in range(10000)] and None)")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=30) == 141


@pytest.mark.parametrize("module", ["sw.fold", "sw.evaluate", "sw.inspect"])
def test_commands_end_without_a_traceback(module, tmp_path):
    foreign = tmp_path / "foreign.npz"
    foreign.write_bytes(b"no archive")
    done = subprocess.run([sys.executable, "-m", module, str(foreign)], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {foreign} must be a ")
    assert done.stderr.count("\n") == 1
