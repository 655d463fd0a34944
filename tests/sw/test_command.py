"""sw.command: a user's mistake is one line on stderr and exit code 2."""

import os
import subprocess
import sys

import pytest

from sw.command import Parser, is_quiet, run


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


def python(code, **variables):
    """Run a program; return its exit code, and the octets of its stdout and stderr."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60,
                          env={**os.environ, **variables}, check=False)
    return done.returncode, done.stdout, done.stderr


PLAIN = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(("text", "plain"), [
    ("28 × 28, ±1, 3 µs …", b"28 x 28, +/-1, 3 us ..."), ("één 猫", b"\\xe9\\xe9n \\u732b"),
    ("\U0001f600", b"\\U0001f600"), ("plain", b"plain"),
])
def test_a_terminal_without_unicode_gets_a_replacement(text, plain):
    code = ("import sys; from sw.command import run\n"
            f"def main():\n    print({text!a}); raise ValueError({text!a})\nrun(main)")
    assert python(code, **PLAIN) == (2, plain + b"\n", b"error: " + plain + b"\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("module", ["sw.fold", "sw.inspect", "sw.evaluate", "sw.host",
                                    "train.bnn_mnist", "boards.build", "sim.full"])
def test_help_is_shown_in_any_encoding(module, encoding):
    code = f"import {module} as it; from sw.command import run; run(it.main, ['--help'])"
    status, out, err = python(code, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (status, err) == (0, b"")
    assert b"--quiet" in out


def test_names_of_files_that_are_no_text_can_be_shown():
    code = "from sw.command import run; run(lambda: print('a\\udcff'))"
    assert python(code) == (0, b"a\\udcff\n", b"")


@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_the_output_is_named(size, unbuffered):
    code = f"from sw.command import run; run(lambda: print('x' * {size}))"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE,
                              timeout=60, check=False,
                              env={**os.environ, "PYTHONUNBUFFERED": unbuffered})
    assert (done.returncode, done.stderr) == (
        2, b"error: standard output: No space left on device (free some space, or choose another "
           b"place)\n")


def parser():
    made = Parser(prog="python -m sw.example")
    made.add_argument("network", metavar="NETWORK")
    made.add_argument("--board", choices=("a", "b"))
    made.add_subparsers(dest="command", required=True).add_parser("info")
    return made


@pytest.mark.parametrize(("argv", "line"), [
    ([], "error: the following arguments are required: NETWORK, command (python -m sw.example "
         "--help says what can be given)\n"),
    (["x", "info", "--size"], "error: unrecognized arguments: --size (python -m sw.example --help "
                              "says what can be given)\n"),
    (["--board", "c"], "error: argument --board: invalid choice: 'c' (choose from 'a', 'b')\n"),
])
def test_mistakes_in_arguments_are_one_line_with_a_way_out(capsys, argv, line):
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(argv)
    assert caught.value.code == 2
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("argv", [["--quiet", "x", "info"], ["x", "--quiet", "info"],
                                  ["x", "info", "--quiet"]])
def test_quiet_is_known_wherever_it_stands_and_to_children(monkeypatch, argv):
    monkeypatch.setenv("THRESHER_QUIET", "0")
    assert not is_quiet()
    assert vars(parser().parse_args(argv)) == {"network": "x", "board": None, "command": "info"}
    assert is_quiet()
    assert python("from sw.command import is_quiet; print(is_quiet())")[1] == b"True\n"


@pytest.mark.parametrize("module", ["sw.fold", "sw.evaluate", "sw.inspect"])
def test_commands_end_without_a_traceback(module, tmp_path):
    foreign = tmp_path / "foreign.npz"
    foreign.write_bytes(b"no archive")
    done = subprocess.run([sys.executable, "-m", module, str(foreign)], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {foreign} must be a ")
    assert done.stderr.count("\n") == 1
