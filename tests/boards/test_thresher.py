"""The command thresher: short names, completions, and what make bitstream does."""

import importlib.util
import os
import subprocess
import sys

import pytest

from boards import thresher
from sw import artefact, command


def test_every_module_is_there_and_has_a_main():
    for module, text in thresher.COMMANDS.values():
        assert importlib.util.find_spec(module) is not None
        assert text
    assert set(thresher.COMMANDS) & set(thresher.OWN) == set()


@pytest.mark.parametrize("name", ["fold", "exchange", "build", "data", "host"])
def test_help_shows_the_command_as_it_was_called(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["thresher"])
    with pytest.raises(SystemExit) as caught:
        thresher.main([name, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: thresher {name} ")
    assert command.CALLED == []


@pytest.mark.parametrize(("arguments", "lacks", "message"), [
    (["simulate", "tfc"], "cocotb_tools", "Command 'thresher simulate' needs the package "
     "cocotb_tools, which is not installed (pip install 'thresher[dev]')"),
    (["exchange", str(artefact.artefact("tfc")), "-o", "a.onnx"], "onnx",
     "Exchange needs the package onnx (pip install onnx)")])
def test_a_package_that_is_missing_is_named(arguments, lacks, message, tmp_path):
    (tmp_path / f"{lacks}.py").write_text(f"raise ModuleNotFoundError(name={lacks!r})")
    done = subprocess.run(
        [sys.executable, "-m", "boards.thresher", *arguments], check=False, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n")


def test_the_list_has_all_commands(capsys):
    assert thresher.main([]) == 2
    assert thresher.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in [*thresher.COMMANDS, *thresher.OWN])


@pytest.mark.parametrize("arguments", [["frob"], ["completion"], ["completion", "tcsh"]])
def test_other_words_are_refused_in_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        command.run(thresher.main, arguments)
    error = capsys.readouterr().err
    assert (caught.value.code, error.count("\n")) == (2, 1)
    assert error.startswith(("error: Command must be", "error: Shell must be"))


def test_completions_are_shell(tmp_path, capsys):
    assert thresher.main(["completion", "bash"]) == 0
    text = capsys.readouterr().out
    asked = f'{text}\nCOMP_WORDS=(thresher ex); COMP_CWORD=1; _thresher; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["exchange", "explore"]
    (tmp_path / "mein Netz ü.onnx").touch()
    asked = (f'{text}\nCOMP_WORDS=(thresher exchange mein); COMP_CWORD=2; _thresher\n'
             f'printf "%s|" "${{COMPREPLY[@]}}"')
    done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True,
                          check=True)
    assert done.stdout == "mein Netz ü.onnx|"
    assert thresher.main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("autoload -U bashcompinit")


class Steps:
    """Stands for the processes that a bitstream takes: they write what the steps do."""

    def __init__(self, monkeypatch, folder):
        self.calls, self.folder = [], folder
        monkeypatch.setattr(thresher, "_python", self)

    def __call__(self, module, *arguments, output=False):
        self.calls.append([module, *map(str, arguments)])
        if output:
            return "letters" if module == "sw.data" else "small"
        ending = {"train.bnn_mnist": ".ckpt.npz", "sw.fold": ".net.npz",
                  "sw.evaluate": ".eval.json"}.get(module)
        if ending:
            name = "letters-small" if any("letters" in each for each in self.calls[-1]) else "small"
            path = self.folder / name / f"{name}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
        return 0


def test_a_bitstream_trains_once(tmp_path, monkeypatch):
    steps = Steps(monkeypatch, tmp_path)
    thresher.main(["bitstream", "icebreaker", "--output", str(tmp_path), "--freq", "12"])
    net = f"{tmp_path}/small/small.net.npz"
    assert steps.calls == [
        ["boards.build", "--default-network", "icebreaker"],
        ["train.bnn_mnist", "--network", "small", "--output", f"{tmp_path}/small"],
        ["sw.fold", f"{tmp_path}/small/small.ckpt.npz", "-o", net], ["sw.evaluate", net],
        ["boards.build", "icebreaker", net, "--output", str(tmp_path), "--freq", "12"]]
    steps.calls.clear()
    thresher.main(["bitstream", "icebreaker", "--output", str(tmp_path)])
    assert [call[0] for call in steps.calls] == ["boards.build", "boards.build"]


def test_a_bitstream_of_ones_own_data_or_of_a_published_network(tmp_path, monkeypatch):
    steps = Steps(monkeypatch, tmp_path)
    thresher.main(["bitstream", "icebreaker", "--output", str(tmp_path), "--dataset", "letters/",
                   "--train", "--epochs 3"])
    assert steps.calls[2] == [
        "train.bnn_mnist", "--dataset", "letters/", "--name", "letters-small", "--network", "small",
        "--epochs", "3", "--output", f"{tmp_path}/letters-small"]
    steps.calls.clear()
    thresher.main(["bitstream", "ulx3s", "--network", "tfc"])
    assert steps.calls == [
        ["boards.build", "ulx3s", str(artefact.artefact("tfc")), "--output", "build"]]
    with pytest.raises(ValueError, match=r"^Network must be a file or one of .*: 'frob'$"):
        thresher.main(["bitstream", "ulx3s", "--network", "frob"])
