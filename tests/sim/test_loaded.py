# amaranth: UnusedElaboratable=no
"""Weights at run time on the virtual board: two networks take turns, mistakes are said."""

import numpy as np
import pytest

from boards.top import Top
from hw.plan.schedule import Schedule, Scheduled
from sim.virtual import VirtualBoard, compile_board
from sw import host
from sw.golden import Model
from sw.line.client import Client
from sw.line.load import LoadStatus
from sw.line.protocol import ProtocolError, Type
from sw.line.serialport import SerialPort
from sw.network import save

from ..networks import random_images, random_network


SCHEDULE = Schedule(6, {"fc0": Scheduled(4, 18, "loaded"), "scores": Scheduled(2, 4, "loaded")})


def network_of(seed, sizes=(30, 8, 5), **others):
    return random_network(np.random.default_rng(seed), list(sizes), levels=(64, 128, 192), **others)


NETWORK, OTHER = network_of(1), network_of(2, labels=list("abcde"))
IMAGES = random_images(np.random.default_rng(2), 200, NETWORK)


@pytest.fixture(scope="module")
def virtual(tmp_path_factory):
    top = Top(NETWORK, SCHEDULE, clock_hz=1_000_000, baud=125_000, images=IMAGES[:3],
              board="virtual", frame_depth=128)
    with VirtualBoard(compile_board(top), 8, tmp_path_factory.mktemp("loaded") / "board") as board:
        yield board


@pytest.fixture
def client(virtual):
    with SerialPort(virtual.port, 125_000) as port:
        client = Client(port)
        client.load(NETWORK, "first.net.npz")
        yield client


def test_two_networks_take_turns_without_a_build(client):
    for network in (NETWORK, OTHER, NETWORK, OTHER):
        client.load(network, "n.net.npz")
        assert (client.info.identity, client.info.labels) == (network.identity, network.labels)
        labels, scores = client.classify(IMAGES)
        assert labels.tolist() == Model(network).labels(IMAGES).tolist()
        assert scores.tolist() == Model(network).scores(IMAGES).tolist()


def test_two_networks_take_turns_by_commands(virtual, tmp_path, capsys):
    data, called = tmp_path / "data.npz", ["--port", str(virtual.port), "--baud", "125000"]
    labels = np.arange(len(IMAGES)) % 5
    np.savez(data, x_train=IMAGES[:10], y_train=labels[:10], x_test=IMAGES, y_test=labels)
    files = [tmp_path / f"{seed}.net.npz" for seed in (1, 4)]
    for seed, file in zip((1, 4), files, strict=True):
        save(file, network_of(seed))
    for file in files * 2:
        assert host.main([*called, "load", str(file)]) == 0
        assert capsys.readouterr().out.startswith(f"board virtual holds {file}, ")
        assert host.main([*called, "--network", str(file), "evaluate", "--limit", "200",
                          "--dataset", str(data)]) == 0
        assert "equal       200 of 200 labels, 200 of 200 images' scores" in capsys.readouterr().out


def part(client, at, octets):
    """Send a part of a load; return status and position."""
    payload = client.request(Type.LOAD, at.to_bytes(4, "little") + octets, seconds=0.1)
    return LoadStatus(payload[0]), int.from_bytes(payload[1:], "little")


def load_of(client, network):
    return client.shape().encode_load(network, client.info.encode())


def test_a_load_cut_off_is_said_to_the_host_and_mended_by_another(client, virtual, tmp_path,
                                                                  capsys):
    octets = load_of(client, OTHER)
    assert part(client, 0, octets[:50]) == (LoadStatus.ACTIVE, 50)
    half = (r"^Weights of board 'virtual' must be whole: a load was cut off or refused, and the "
            r"board holds no network \(load one: python -m sw\.host load NETWORK\)$")
    with pytest.raises(ProtocolError, match=half):
        client.classify(IMAGES[:1])
    with pytest.raises(ProtocolError, match=half):
        client.benchmark(1)
    client.port.close()
    save(tmp_path / "other.net.npz", OTHER)
    called = ["--port", str(virtual.port), "--baud", "125000"]
    with pytest.raises(ProtocolError, match=half):
        host.main([*called, "evaluate"])
    assert host.main([*called, "info"]) == 0
    assert "network      none: a load was cut off" in capsys.readouterr().out
    assert host.main([*called, "load", str(tmp_path / "other.net.npz")]) == 0
    assert capsys.readouterr().out == (
        f"board virtual holds {tmp_path}/other.net.npz, network {OTHER.identity[:12]} (before: "
        f"none)\n")


def test_parts_that_come_again_or_in_another_order_do_no_harm(client):
    octets = load_of(client, OTHER)
    assert part(client, 0, b"") == (LoadStatus.WHOLE | LoadStatus.ACTIVE, 0)
    assert part(client, 0, octets[:50]) == (LoadStatus.ACTIVE, 50)
    assert part(client, 50, octets[50:90]) == (LoadStatus.ACTIVE, 90)
    assert part(client, 50, octets[50:90]) == (LoadStatus.ACTIVE, 90)       # its answer was lost
    assert part(client, 130, octets[130:150]) == (LoadStatus.ACTIVE | LoadStatus.ORDER, 90)
    for at in range(90, len(octets), 80):
        status, _ = part(client, at, octets[at:at + 80])
    assert status == LoadStatus.WHOLE
    assert part(client, at, octets[at:]) == (LoadStatus.WHOLE, len(octets))
    labels, _ = client.classify(IMAGES[:20])
    assert labels.tolist() == Model(OTHER).labels(IMAGES[:20]).tolist()


def test_damaged_weights_are_refused_and_none_are_in_force(client):
    octets = bytearray(load_of(client, OTHER))
    octets[40] ^= 1
    for at in range(0, len(octets), 80):
        status, _ = part(client, at, bytes(octets[at:at + 80]))
    assert status == LoadStatus.REFUSED
    client.identify()
    assert client.info.is_half_loaded
    client.load(OTHER, "other.net.npz")
    assert client.info.identity == OTHER.identity


def test_a_load_of_another_shape_leaves_the_network_in_force(client):
    octets = load_of(client, OTHER)
    assert part(client, 0, octets[:4] + b"otherkey" + octets[12:60])[0] == (
        LoadStatus.WHOLE | LoadStatus.REFUSED)
    labels, _ = client.classify(IMAGES[:20])
    assert labels.tolist() == Model(NETWORK).labels(IMAGES[:20]).tolist()


@pytest.mark.parametrize(("network", "message"), [
    (network_of(3, (30, 9, 5)), r"Network x\.net\.npz must have the shape of the board's: layers "
     r"that are not loaded, sizes or encoder differ \(load a network of the same shape, or build a "
     r"bitstream\)"),
    (network_of(3, synapses=[9, 4]), r"Weights of layer 'fc0' must be -1 and \+1 for this board: "
     r"some are 0 \(build a bitstream of x\.net\.npz\)")])
def test_networks_of_another_shape_are_refused_by_the_host(client, network, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        client.load(network, "x.net.npz")
    assert client.info.identity == NETWORK.identity
