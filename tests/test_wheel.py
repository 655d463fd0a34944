"""The wheel, installed into an environment of its own, works in an empty folder."""

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Return a copy of what git knows: a build in the project's folder would find old files."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    folder = tmp_path_factory.mktemp("sources")
    for name in listed.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    """Return the wheel that is built from the sdist, as pip does it."""
    made = tmp_path_factory.mktemp("wheel")
    build = ("from setuptools import build_meta; import sys\n"
             "getattr(build_meta, sys.argv[1])(sys.argv[2])")
    subprocess.run([sys.executable, "-c", build, "build_sdist", str(made)], cwd=sources,
                   check=True, capture_output=True)
    archive, = made.glob("thresher-*.tar.gz")
    shutil.unpack_archive(archive, made)
    unpacked = archive.with_name(archive.name.removesuffix(".tar.gz"))
    subprocess.run([sys.executable, "-c", build, "build_wheel", str(made)], cwd=unpacked,
                   check=True, capture_output=True)
    return next(made.glob("thresher-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Return an environment with the wheel. Its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    subprocess.run([sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"),
                    "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True,
                   capture_output=True)
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return folder


@pytest.fixture
def thresher(environment, tmp_path):
    """Return a function that runs the installed command in an empty folder."""
    own = {name: value for name, value in os.environ.items()
           if name not in ("THRESHER_DATA", "PYTHONPATH")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    def call(*arguments):
        return subprocess.run([environment / "bin" / "thresher", *map(str, arguments)],
                              cwd=tmp_path, capture_output=True, text=True, timeout=600,
                              env={**own, "PATH": path})
    return call


def test_a_network_is_trained_folded_built_and_simulated(thresher, environment, tmp_path):
    for arguments, last in [
            (("train", "--hidden", "16", "--synapses", "6,8", "--epochs", "1", "--name", "tiny"),
             "test accuracy "),
            (("fold", "build/tiny/tiny.ckpt.npz"), "wrote build/tiny/tiny.net.npz "),
            (("evaluate", "build/tiny/tiny.net.npz"), "wrote build/tiny/tiny.eval.json"),
            (("exchange", "tfc", "-o", "tfc.onnx"), "wrote tfc.onnx "),
            (("build", "icebreaker", "build/tiny/tiny.net.npz", "--freq", "18",
              "--images-per-second", "1000"), "wrote build/icebreaker/tiny.bin, "),
            (("generate", "build/tiny/tiny.net.npz", "--board", "icebreaker", "-o", "tiny.v"), ""),
            (("simulate", "build/tiny/tiny.net.npz", "--limit", "200"), "")]:
        done = thresher(*arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].startswith(last)
        if arguments[0] == "simulate":
            assert "equal to golden: 200 of 200 labels and scores" in done.stdout
    code = "import sw.artefact; print(sw.artefact.FOLDER)"
    where = subprocess.run([environment / "bin" / "python", "-c", code], cwd=tmp_path, check=True,
                           capture_output=True, text=True).stdout
    assert where.startswith(str(environment))


def test_messages_name_the_command(thresher):
    done = thresher("fold")
    assert (done.returncode, done.stderr) == (
        2, "error: the following arguments are required: CKPT (thresher fold --help says what can "
           "be given)\n")
    done = thresher("frob")
    assert done.returncode == 2
    assert done.stderr.startswith("error: Command must be one of train, search, fold, evaluate, ")
    assert "ulx3s-85f" in thresher("boards").stdout
    assert thresher("--version").stdout.startswith("thresher 0.")
