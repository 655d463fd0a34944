"""sw.client: requests over a line that is slow, noisy or late."""

import random

import pytest

from sw import client as clients
from sw.client import Client
from sw.golden import Model
from sw.protocol import ErrorCode, ProtocolError, Type
from sw.serialport import SerialPort

from .fakeline import Line, board_of, damage, save_images, tiny_network


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.1)


@pytest.fixture(scope="module")
def net():
    return tiny_network()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return save_images(tmp_path_factory.mktemp("data") / "tiny.npz")


def test_a_board_that_loads_its_weights_is_waited_for(net, dataset):
    board = board_of(net, dataset[1][:3])
    board.hindrances = [ErrorCode.LOADING] * 5 + [0]
    with Line(board) as line, SerialPort(line.path, 100_000) as port:
        client = Client(port)
        labels, _ = client.classify(dataset[1][:2])
        assert client.retries == 0
    assert labels.tolist() == Model(net).labels(dataset[1][:2]).tolist()
    assert len(board.requests) == 7


def test_a_board_that_loads_for_ever_is_given_up(net, dataset, monkeypatch):
    monkeypatch.setattr(clients, "LOADING", 0.1)
    board = board_of(net, dataset[1][:3])
    board.hindrances = [ErrorCode.LOADING]
    with (Line(board) as line, SerialPort(line.path, 100_000) as port,
          pytest.raises(ProtocolError, match=r"^Board at \S+ must take CLASSIFY requests: it "
                                             r"answers LOADING$")):
        Client(port).classify(dataset[1][:2])


def test_too_long_a_benchmark_is_refused_before_it_is_asked(net, dataset):
    with (Line(board_of(net, dataset[1][:3])) as line, SerialPort(line.path, 9600) as port,
          pytest.raises(ValueError, match=r"^Images of a benchmark must be in 1\.\.4095 on this "
                                          r"board: 4096$")):
        Client(port).benchmark(4096)


def test_an_error_answer_names_the_error(net, dataset):
    with (Line(board_of(net, dataset[1][:3])) as line, SerialPort(line.path, 9600) as port):
        client = Client(port)
        with pytest.raises(ProtocolError, match=rf"^Board at {line.path} must take CLASSIFY "
                                                r"requests: it answers WRONG_LENGTH$"):
            client.request(Type.CLASSIFY, b"x", seconds=0)


@pytest.mark.parametrize("seed", range(3))
def test_noise_in_both_directions_changes_no_answer(net, dataset, seed):
    rng = random.Random(seed)
    images = dataset[1]
    board = board_of(net, images[:3])
    model = Model(net)
    with (Line(board, downward=damage(rng, 0.2), upward=damage(rng, 0.2)) as line,
          SerialPort(line.path, 9600) as port):
        client = Client(port)
        for _ in range(12):
            labels, scores = client.classify(images[:7])
            assert labels.tolist() == model.labels(images[:7]).tolist()
            assert scores.tolist() == model.scores(images[:7]).tolist()
        assert client.retries > 0


def test_stale_answers_are_passed_over(net, dataset):
    """Every answer comes twice, the second time after the next request."""
    images = dataset[1]
    kept = [b""]

    def upward(octets):
        kept.append(octets)
        return kept[-2] + octets

    with (Line(board_of(net, images[:3]), upward=upward) as line,
          SerialPort(line.path, 9600) as port):
        client = Client(port)
        for at in range(5):
            labels, _ = client.classify(images[at:at + 3])
            assert labels.tolist() == Model(net).labels(images[at:at + 3]).tolist()
        assert client.retries == 0
