# amaranth: UnusedElaboratable=no
"""sim.virtual: the exact board top over its serial line, through the host's own driver."""

import os
import random
import select

import numpy as np
import pytest

from boards.top import Top
from hw.plan.schedule import Schedule, Scheduled
from sim.virtual import VirtualBoard, compile_board, main
from sw.golden import Model
from sw.host import expected_report
from sw.line.client import Client
from sw.line.protocol import ProtocolError
from sw.line.serialport import SerialPort
from sw.network import save

from ..fakeline import damage
from ..networks import random_images, random_network


NETWORK = random_network(np.random.default_rng(1), [30, 8, 5], levels=(64, 128, 192))
IMAGES = random_images(np.random.default_rng(2), 40, NETWORK)
SCHEDULE = Schedule(6, {"fc0": Scheduled(4, 18), "scores": Scheduled(2, 4)})


@pytest.fixture(scope="module")
def top():
    return Top(NETWORK, SCHEDULE, clock_hz=1_000_000, baud=125_000, images=IMAGES[:3],
               board="virtual", frame_depth=128)


@pytest.fixture(scope="module")
def model(top):
    return compile_board(top)


@pytest.fixture(scope="module")
def virtual(model, tmp_path_factory):
    with VirtualBoard(model, 8, tmp_path_factory.mktemp("virtual") / "board") as board:
        yield board


@pytest.fixture
def client(virtual):
    with SerialPort(virtual.port, 125_000) as port:
        yield Client(port)


def test_it_says_what_the_top_says(top, client):
    assert client.info == top.info
    assert client.info.pixel_bits == 2


def test_labels_and_scores_are_golden(client):
    labels, scores = client.classify(IMAGES)
    assert labels.tolist() == Model(NETWORK).labels(IMAGES).tolist()
    assert scores.tolist() == Model(NETWORK).scores(IMAGES).tolist()


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_benchmark_takes_the_cycles_predicted(client, count):
    report = client.benchmark(count)
    assert report.cycles == client.info.cycles(count)
    labels = Model(NETWORK).labels(IMAGES[:3])
    assert (report.histogram, report.checksum) == expected_report(labels, count, 5)


# The same with weights in SPRAM, read from the flash: the first layer 16 lanes wide, two SPRAMs.
LOADED = Schedule(6, {"fc0": Scheduled(2, 16, "spram"), "scores": Scheduled(2, 4, "spram")})


def loaded_top():
    return Top(NETWORK, LOADED, clock_hz=1_000_000, baud=125_000, images=IMAGES[:3],
               board="loaded", frame_depth=128)


def test_weights_come_through_the_flash(tmp_path):
    with (VirtualBoard(compile_board(loaded_top()), 8, tmp_path / "board") as board,
          SerialPort(board.port, 125_000) as port):
        client = Client(port)
        labels, scores = client.classify(IMAGES)
        report = client.benchmark(50)
    assert labels.tolist() == Model(NETWORK).labels(IMAGES).tolist()
    assert scores.tolist() == Model(NETWORK).scores(IMAGES).tolist()
    assert report.cycles == client.info.cycles(50)


def test_the_flash_of_another_network_is_explained(tmp_path):
    other = Top(random_network(np.random.default_rng(5), [30, 8, 5], levels=(64, 128, 192)),
                LOADED, clock_hz=1_000_000, baud=125_000, images=IMAGES[:3])
    model = compile_board(loaded_top(), flash=other.image.encode())
    with (VirtualBoard(model, 8, tmp_path / "board") as board,
          SerialPort(board.port, 125_000) as port):
        client = Client(port)
        assert client.info.identity == NETWORK.identity
        with pytest.raises(ProtocolError, match=rf"^Weights in the flash of board 'loaded' must be "
                           rf"those of network {NETWORK.identity[:12]}: they are of another "
                           r"network or schedule \(program the board again: make program "
                           r"BOARD=loaded\)$"):
            client.classify(IMAGES)


def test_a_flash_without_a_use_is_refused(tmp_path):
    path = tmp_path / "made.net.npz"
    save(path, NETWORK)
    with pytest.raises(ValueError, match=rf"^Flash must hold weights for an SPRAM: {path} on "
                                         r"icebreaker has none there \(leave --flash out\)$"):
        main(["icebreaker", str(path), "--flash", "weights.bin", "--images-per-second", "1"])


class NoisyPort:
    """A port whose octets are spoilt on their way, in both directions."""

    def __init__(self, port, rng):
        self.path = port.path
        self.port = port
        self.downward = damage(rng, 0.3)
        self.upward = damage(rng, 0.02)

    def write(self, octets):
        self.port.write(self.downward(octets))

    def read(self, seconds):
        return self.upward(self.port.read(seconds))


@pytest.mark.parametrize("seed", range(2))
def test_noise_changes_no_answer_and_wedges_nothing(virtual, seed, monkeypatch):
    monkeypatch.setattr("sw.line.client.PATIENCE", 0.3)
    monkeypatch.setattr("sw.line.client.ATTEMPTS", 12)
    expected = Model(NETWORK).scores(IMAGES)
    rng = random.Random(seed)
    with SerialPort(virtual.port, 125_000) as port:
        noisy = Client(NoisyPort(port, rng))
        for at in range(0, 40, 4):
            _, scores = noisy.classify(IMAGES[at:at + 4])
            assert scores.tolist() == expected[at:at + 4].tolist()
        assert noisy.benchmark(7).cycles == noisy.info.cycles(7)
        assert noisy.retries > 0
        port.write(rng.randbytes(500))
        _, scores = Client(port).classify(IMAGES[:4])
        assert scores.tolist() == expected[:4].tolist()


def test_it_waits_without_work(virtual):
    """Between requests the clock stops: the process takes no processor time."""
    used = []
    for _ in range(40):
        used.append(processor_time(virtual.process.pid))
        if len(used) > 5 and used[-1] == used[-6]:
            return
        select.select([], [], [], 0.1)
    raise TimeoutError(f"the model never waits: {used}")


def processor_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_two_boards_cannot_share_a_port(model, virtual):
    with (pytest.raises(ValueError, match=rf"^Port {virtual.port} must be free: another virtual "
                                          r"board runs there \(stop it, or give another name with "
                                          r"--port\)$"),
          VirtualBoard(model, 8, virtual.port)):
        pass
    assert virtual.port.is_symlink()


def test_a_file_in_the_place_of_the_port_is_kept(model, tmp_path):
    (tmp_path / "file").write_text("mine")
    with (pytest.raises(ValueError, match=rf"^Port {tmp_path}/file must be free for a link: there "
                                          r"is a file \(give another name with --port\)$"),
          VirtualBoard(model, 8, tmp_path / "file")):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_stopping_it_takes_the_port_away(model, tmp_path):
    with VirtualBoard(model, 8, tmp_path / "board") as board:
        port = SerialPort(board.port, 125_000)
        client = Client(port)
        process = board.process
    assert process.poll() is not None
    assert not os.path.lexists(tmp_path / "board")
    with pytest.raises(ProtocolError, match=rf"^Port {tmp_path}/board must stay connected: "):
        client.classify(IMAGES)
    port.close()
