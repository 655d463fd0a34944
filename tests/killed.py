"""What is killed: commands, what they need, and the files that they make."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from sw import checkpoint, network
from tests.networks import random_checkpoint, random_network


CONTENT = random.Random(1).randbytes(400_000)


@dataclass(frozen=True)
class Command:
    """A command, and the files that it makes.

    Attributes
    ----------
    name : str
        Its name.
    prepare : callable
        Takes a folder, where it puts what the command needs; returns the command's words.
    makes : dict of str to callable
        What of each file must be the same after every run: takes its octets.
    resume : callable
        Takes the folder that a kill left; returns what the next run's words are more than those.
    keeps : bool
        Whether an old file stays until the new one replaces it.
    over : bool
        Whether it makes a file that is there already once more.
    """

    name: str
    prepare: Callable
    makes: dict = field(default_factory=dict)
    resume: Callable = lambda folder: []
    keeps: bool = True
    over: bool = True


def without(*keys):
    """Return a function that reads a JSON record but for what differs from run to run."""
    def read(octets):
        record = json.loads(octets)
        for key in keys:
            *way, last = key.split(".")
            holder = record
            for step in way:
                holder = holder[step]
            del holder[last]
        return record
    return read


def prepare_train(folder):
    return ["-m", "train.bnn_mnist", "--network", "tiny", "--limit", "1000", "--epochs", "3",
            "--output", folder / "out"]


def prepare_resumed(folder):
    """Train as :func:`prepare_train`, but save the state after every epoch, not every minute."""
    words = ["train.bnn_mnist", "--network", "tiny", "--limit", "1000", "--epochs", "12",
             "--output", str(folder / "out")]
    return ["-c", f"import sys; from train import bnn_mnist; bnn_mnist.SAVE_EVERY = 0; "
                  f"sys.exit(bnn_mnist.main({words[1:]} + sys.argv[1:]))"]


def resume(folder):
    return ["--resume"] * (Path(folder) / "out" / "tiny.resume.pt").exists()


def prepare_fold(folder):
    rng = np.random.default_rng(1)
    checkpoint.save(folder / "x.ckpt.npz", random_checkpoint(rng, (200, 150, 100, 10)))
    return ["-m", "sw.fold", folder / "x.ckpt.npz"]


def prepare_network(folder, sizes=(64, 16, 4), synapses=(8, 8), shape=None):
    net = random_network(np.random.default_rng(5), sizes, synapses, input_shape=shape)
    network.save(folder / "x.net.npz", network.Network(
        net.layers, net.labels, net.input_shape, {"dataset": "mnist"} if shape else {}))
    return folder / "x.net.npz"


def prepare_generate(folder):
    return ["-m", "hw.generate", prepare_network(folder), "--board", "icebreaker"]


def prepare_build(folder):
    return ["-m", "boards.build", "icebreaker", prepare_network(folder), "--output",
            folder / "out"]


def prepare_reused(folder):
    return [*prepare_build(folder), "--reuse"]


def prepare_simulate(folder):
    path = prepare_network(folder, (784, 8, 10), (6, 8), (28, 28))
    return ["-m", "sim.full", path, "--limit", "50", "--record", folder / "record.json"]


class Mirror(BaseHTTPRequestHandler):
    """Sends the file slowly, from where it is asked to begin."""

    def do_GET(self):
        asked = self.headers["Range"]
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            for at in range(start, len(CONTENT), 40_000):
                self.wfile.write(CONTENT[at:at + 40_000])
                time.sleep(0.05)

    def log_message(self, *_):
        pass


def prepare_download(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    known = (f"File('set.gz', {len(CONTENT)}, '{sha256(CONTENT).hexdigest()}'), '.', "
             f"['http://127.0.0.1:{server.server_port}']")
    return ["-c", f"from sw.data.download import File, fetch; fetch({known})"]


def same(octets):
    return sha256(octets).hexdigest()


COMMANDS = {command.name: command for command in (
    Command("train", prepare_train, {
        "out/tiny.ckpt.npz": same, "out/tiny.json": without("seconds")}),
    Command("resume", prepare_resumed, {
        "out/tiny.ckpt.npz": same, "out/tiny.json": without("seconds")}, resume),
    Command("fold", prepare_fold, {"x.net.npz": same}),
    Command("generate", prepare_generate, {"x.v": same, "x.hw.json": same}),
    Command("build", prepare_build, {
        "out/icebreaker/x.bin": same,
        "out/icebreaker/report.json": without("seconds", "network.file", "provenance.command")},
        keeps=False),
    Command("reuse", prepare_reused, {
        "out/icebreaker/x.bin": same,
        "out/icebreaker/report.json": without("seconds", "network.file", "provenance.command")},
        keeps=False),
    Command("simulate", prepare_simulate, {
        "record.json": without("seconds", "wall_seconds")}),
    Command("download", prepare_download, {"set.gz": same}, keeps=False,
            over=False))}
