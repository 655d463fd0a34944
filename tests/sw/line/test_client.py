"""sw.line.client: requests over a line that is slow, noisy or late."""

import random

import pytest

from sw.golden import Model
from sw.line import client as clients
from sw.line.client import Client
from sw.line.protocol import ErrorCode, ProtocolError, Type
from sw.line.serialport import SerialPort

from ...fakeline import Line, board_of, damage, tiny_images, tiny_network


NET = tiny_network()
MODEL = Model(NET)
_, IMAGES = tiny_images()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.1)


def test_a_board_that_loads_its_weights_is_waited_for():
    board = board_of(NET, IMAGES[:3])
    board.hindrances = [ErrorCode.LOADING] * 5 + [0]
    with Line(board) as line, SerialPort(line.path, 100_000) as port:
        client = Client(port)
        labels, _ = client.classify(IMAGES[:2])
        assert client.retries == 0
    assert labels.tolist() == MODEL.labels(IMAGES[:2]).tolist()
    assert len(board.requests) == 7


def test_a_board_that_loads_for_ever_is_given_up(monkeypatch):
    monkeypatch.setattr(clients, "LOADING", 0.1)
    board = board_of(NET, IMAGES[:3])
    board.hindrances = [ErrorCode.LOADING]
    with (Line(board) as line, SerialPort(line.path, 100_000) as port,
          pytest.raises(ProtocolError, match=r"^Board at \S+ must take CLASSIFY requests: it "
                                             r"answers LOADING$")):
        Client(port).classify(IMAGES[:2])


def test_too_long_a_benchmark_is_refused_before_it_is_asked():
    with (Line(board_of(NET, IMAGES[:3])) as line, SerialPort(line.path, 9600) as port,
          pytest.raises(ValueError, match=r"^Images of a benchmark must be in 1\.\.4095 on this "
                                          r"board: 4096$")):
        Client(port).benchmark(4096)


def test_an_error_answer_names_the_error():
    with (Line(board_of(NET, IMAGES[:3])) as line, SerialPort(line.path, 9600) as port):
        client = Client(port)
        with pytest.raises(ProtocolError, match=rf"^Board at {line.path} must take CLASSIFY "
                                                r"requests: it answers WRONG_LENGTH$"):
            client.request(Type.CLASSIFY, b"x", seconds=0)


@pytest.mark.parametrize("seed", range(3))
def test_noise_in_both_directions_changes_no_answer(seed):
    rng = random.Random(seed)
    board = board_of(NET, IMAGES[:3])
    with (Line(board, downward=damage(rng, 0.2), upward=damage(rng, 0.2)) as line,
          SerialPort(line.path, 9600) as port):
        client = Client(port)
        for _ in range(12):
            labels, scores = client.classify(IMAGES[:7])
            assert labels.tolist() == MODEL.labels(IMAGES[:7]).tolist()
            assert scores.tolist() == MODEL.scores(IMAGES[:7]).tolist()
        assert client.retries > 0


def test_stale_answers_are_passed_over():
    """Every answer comes twice, the second time after the next request."""
    kept = [b""]

    def upward(octets):
        kept.append(octets)
        return kept[-2] + octets

    with (Line(board_of(NET, IMAGES[:3]), upward=upward) as line,
          SerialPort(line.path, 9600) as port):
        client = Client(port)
        for at in range(5):
            labels, _ = client.classify(IMAGES[at:at + 3])
            assert labels.tolist() == MODEL.labels(IMAGES[at:at + 3]).tolist()
        assert client.retries == 0
