"""sw.host, sw.line.serialport: against a board in Python behind a pseudo-terminal."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import serial
from PIL import Image

from sw import command, host, network
from sw.conversion import Picture
from sw.golden import Model
from sw.line import client as clients
from sw.line import ports
from sw.line.protocol import ErrorCode, Frame

from ..fakeline import Line, board_of, tiny_images, tiny_network, zlib_crc
from ..networks import random_network


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(clients, "PATIENCE", 0.1)


@pytest.fixture(scope="module")
def net():
    return tiny_network()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "tiny.npz"
    train, test = tiny_images()
    names = np.array(["nil", "één", "two"])
    np.savez(path, train_images=train, train_labels=names[np.arange(6) % 3],
             test_images=test, test_labels=names[np.arange(20) % 3])
    return path, test


@pytest.fixture
def saved(net, tmp_path):
    network.save(tmp_path / "tiny.net.npz", net)
    return tmp_path / "tiny.net.npz"


def call(*argv):
    """Run the host's command line as a shell would; return its exit code."""
    with pytest.raises(SystemExit) as exit_:
        command.run(host.main, [str(arg) for arg in argv])
    return exit_.value.code


@pytest.mark.parametrize(("code", "what"), [
    (ErrorCode.NO_WEIGHTS, "there are none"),
    (ErrorCode.OTHER_WEIGHTS, "they are of another network or schedule"),
    (ErrorCode.DAMAGED_WEIGHTS, "they are damaged")])
def test_wrong_weights_are_explained(net, saved, dataset, capsys, code, what):
    board = board_of(net, dataset[1][:3])
    board.hindrances = [code]
    with Line(board) as line:
        assert call("--port", line.path, "--network", saved, "benchmark", "--dataset",
                    dataset[0]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"error: Weights in the flash of board 'fake' must be those of network "
        f"{net.identity[:12]}: {what} (program the board again: make program BOARD=fake)")


def test_info_says_what_the_board_is(net, dataset, capsys):
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["board        fake", f"network      {net.identity}",
                         "input        4 × 4 pixels of 1 bits", "labels       nil, één, two"]
    assert lines[5] == "interval     5 cycles: 200,000 images/s"


def test_classify_takes_files_and_directories(net, saved, dataset, tmp_path, capsys):
    images = dataset[1][:9]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "notes.txt").write_text("no picture")
    paths = [tmp_path / "first.png", *(tmp_path / "more" / f"{n}.png" for n in range(8))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image).save(path)
    with Line(board_of(net, images[:3])) as line:
        assert call("--port", line.path, "--network", saved, "classify", paths[0],
                    tmp_path / "more") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:10]] == [str(path) for path in paths]
    assert lines[-1] == "equal       9 of 9 labels, 9 of 9 images' scores"


def test_evaluate_compares_with_golden(net, saved, dataset, capsys):
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "--network", saved, "evaluate", "--limit", 15,
                    "--dataset", dataset[0]) == 0
    out = capsys.readouterr().out
    assert "equal       15 of 15 labels, 15 of 15 images' scores" in out


def test_evaluate_finds_the_network_by_its_identity(net, dataset, tmp_path, monkeypatch, capsys):
    network.save(tmp_path / "build" / "a" / "a.net.npz", random_network(
        np.random.default_rng(3), [16, 4, 3]))
    (tmp_path / "build" / "a" / "b.net.npz").write_bytes(b"damaged")
    monkeypatch.chdir(tmp_path)
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "evaluate", "--dataset", dataset[0]) == 2
        assert capsys.readouterr().err == (
            f"error: Network {net.identity[:12]} of board 'fake' must be on this computer: none "
            f"of 2 files build/*/*.net.npz is it, and none in data/networks (give it with "
            f"--network)\n")
        network.save(tmp_path / "build" / "c" / "c.net.npz", net)
        assert call("--port", line.path, "evaluate", "--dataset", dataset[0]) == 0


def test_evaluate_names_the_first_image_that_differs(net, saved, dataset, capsys):
    with Line(board_of(net, dataset[1][:3], wrong=5)) as line:
        assert call("--port", line.path, "--network", saved, "evaluate", "--dataset",
                    dataset[0]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3] == "equal       17 of 20 labels, 20 of 20 images' scores"
    assert lines[-2].startswith("first other test image 5: label ")
    assert lines[-1] == (f"every layer python -m sim.trace {saved} --board fake --dataset "
                         f"{dataset[0]} --image 5")


def test_benchmark_compares_cycles_and_labels(net, saved, dataset, capsys):
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "--network", saved, "benchmark", "--images", 1000,
                    "--dataset", dataset[0]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == ("cycles      5,007 measured, 5,007 predicted = 1,000 × 5 + 7: equal")
    assert lines[4].startswith("core        199,720 images/s at 1 MHz, interval 5")


def test_benchmark_refuses_other_images(net, saved, dataset, capsys):
    with Line(board_of(net, dataset[1][1:4])) as line:
        assert call("--port", line.path, "--network", saved, "benchmark", "--dataset",
                    dataset[0]) == 2
    assert capsys.readouterr().err == (
        "error: ROM of board 'fake' must hold the first 3 test images: its checksum is another "
        "(give the dataset it was built with by --dataset)\n")


def test_checksum_of_many_labels_is_that_of_all_of_them():
    labels = np.array([2, 0, 1, 1, 7])
    count = 5 * 5000 + 3
    histogram, checksum = host.expected_report(labels, count, 8)
    plain = labels[np.arange(count) % 5].astype(np.uint8)
    assert histogram == tuple(np.bincount(plain, minlength=8).tolist())
    assert checksum == zlib_crc(plain)


def test_another_network_than_the_boards(net, dataset, tmp_path, capsys):
    other = random_network(np.random.default_rng(3), [16, 4, 3])
    network.save(tmp_path / "other.net.npz", other)
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "--network", tmp_path / "other.net.npz", "info") == 2
    assert capsys.readouterr().err == (
        f"error: Board 'fake' must hold the network of {tmp_path}/other.net.npz: it holds "
        f"{net.identity[:12]}, the file is {other.identity[:12]} (build and load its bitstream, "
        f"or give the board's network with --network)\n")


def test_a_missing_port(capsys):
    assert call("--port", "/dev/ttyNONE", "info") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: Port /dev/ttyNONE must exist: no such file (ports found: ")
    assert error.count("\n") == 1


def test_a_file_is_no_port(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert call("--port", tmp_path / "file", "info") == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: Port {tmp_path}/file must be a serial port for 3000000 baud:")
    assert error.count("\n") == 1


def test_a_port_in_use(net, dataset, capsys):
    with Line(board_of(net, dataset[1][:3])) as line, serial.Serial(line.path, exclusive=True):
        assert call("--port", line.path, "info") == 2
    assert capsys.readouterr().err == (
        f"error: Port {line.path} must be free: another program has it open (close the terminal "
        f"or host program that uses it)\n")


def test_a_silent_port(net, dataset, capsys):
    with Line(board_of(net, dataset[1][:3]), upward=lambda octets: b"") as line:
        assert call("--port", line.path, "--baud", 9600, "info") == 2
    assert capsys.readouterr().err == (
        f"error: Board at {line.path} must answer IDENTIFY: nothing came in 4 attempts (is it "
        f"this port, is the bitstream loaded, does --baud fit?)\n")


def test_another_device_at_the_port(net, dataset, capsys):
    with Line(board_of(net, dataset[1][:3]), upward=lambda octets: b"login: ") as line:
        assert call("--port", line.path, "--baud", 9600, "info") == 2
    assert capsys.readouterr().err == (
        f"error: Board at {line.path} must answer IDENTIFY: what it sends is no answer, 7 octets "
        f"at the last attempt (is it another device, or another --baud?)\n")


def test_a_board_of_another_version(net, dataset, capsys, monkeypatch):
    board = board_of(net, dataset[1][:3])
    board.answer = lambda request: Frame(0x81, request.sequence, b"\x02")
    with Line(board) as line:
        assert call("--port", line.path, "info") == 2
    assert capsys.readouterr().err.startswith(
        "error: Board must speak protocol version 1: it speaks 2")


def test_a_cable_unplugged_in_the_middle(net, saved, dataset, capsys):
    board = board_of(net, dataset[1][:3])
    line = Line(board)

    def unplug(octets):
        if len(board.requests) == 2:
            os.close(line.slave)
            os.close(line.master)
            return None
        return octets

    line.spoil = bytes, unplug
    line.thread.start()
    assert call("--port", line.path, "--network", saved, "evaluate", "--dataset", dataset[0]) == 2
    line.thread.join(10)
    os.close(line.stop)
    os.close(line.stopping)
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: Port {line.path} must stay connected: ")
    assert error.endswith("(was the cable unplugged, or the virtual board stopped?)")


def test_an_empty_directory_of_pictures(net, saved, dataset, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "--network", saved, "classify", tmp_path / "empty") == 2
    assert capsys.readouterr().err == (
        f"error: Folder {tmp_path}/empty must hold pictures: it has none (give tables and arrays "
        f"by their names)\n")


def test_the_only_board_needs_no_port(net, dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with Line(board_of(net, dataset[1][:3])) as line:
        board = SimpleNamespace(device=line.path, description="n/a", vid=0x0403)
        monkeypatch.setattr(ports.list_ports, "comports", lambda: [board])
        assert call("info") == 0
        out, err = capsys.readouterr()
        assert out.startswith("board        fake\n")
        assert err == f"port {line.path}: board 'fake' with network {net.identity[:12]}\n"
        assert call("ports") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{'port':<{len(line.path)}}  what answers",
        f"{line.path}  board 'fake' with network {net.identity[:12]}"]


def test_a_missing_board_is_no_missing_option(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ports.list_ports, "comports", list)
    assert call("info") == 2
    assert capsys.readouterr().err == (
        "no USB serial ports, and no virtual board in build/virtual\n"
        "error: Port must be that of a board: none answers (plug a board in, start one with 'make "
        "virtual', or name the port with --port)\n")


def test_classify_finds_the_conversion_by_the_boards_identity(net, dataset, tmp_path, monkeypatch,
                                                              capsys):
    """A network of light pictures inverts them, and golden agrees on what it saw."""
    inverting = replace(net, conversion=Picture((4, 4), invert=True))
    network.save(tmp_path / "build" / "a" / "a.net.npz", inverting)
    monkeypatch.chdir(tmp_path)
    images = dataset[1][:5]
    for place, (image, label) in enumerate(zip(images, Model(net).labels(images), strict=True)):
        path = tmp_path / "in" / net.labels[label] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(path)
    with Line(board_of(inverting, images[:3])) as line:
        assert call("--port", line.path, "classify", tmp_path / "in") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "accuracy 100.00 %: 5 of 5 whose class is known by its folder",
        "equal       5 of 5 labels, 5 of 5 images' scores"]


def test_classify_without_the_networks_file_must_be_told_the_conversion(net, dataset, tmp_path,
                                                                        monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(dataset[1][0]).save(tmp_path / "a.png")
    with Line(board_of(net, dataset[1][:3])) as line:
        assert call("--port", line.path, "classify", "a.png") == 2
        assert capsys.readouterr().err == (
            f"error: Network {net.identity[:12]} of board 'fake' must be on this computer: none "
            f"of 0 files build/*/*.net.npz is it, and none in data/networks (give it with "
            f"--network, or say how pictures become inputs: --as-is, --drawing or --photo)\n")
        assert call("--port", line.path, "classify", "a.png", "--as-is") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[1] == net.labels[Model(net).labels(dataset[1][:1])[0]]
    assert lines[2] == (f"not compared with golden: network {net.identity[:12]} is not on this "
                        f"computer")


def test_classify_names_the_file_that_golden_answers_otherwise(net, saved, dataset, tmp_path,
                                                               capsys):
    np.save(tmp_path / "a.npy", dataset[1][:9])
    with Line(board_of(net, dataset[1][:3], wrong=1)) as line:
        assert call("--port", line.path, "--network", saved, "classify", tmp_path / "a.npy",
                    "--csv", "-") == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 10
    assert "equal       7 of 9 labels, 9 of 9 images' scores\n" in err
    assert f"first other {tmp_path}/a.npy[1]: label " in err
