"""sw.line.ports: which ports are asked, what answers, and which one is used."""

import fcntl
import os
from types import SimpleNamespace

import pytest
import serial

from sw.line import client, ports
from sw.line.protocol import ProtocolError

from ...fakeline import Line, board_of, tiny_images, tiny_network


NET = tiny_network()


@pytest.fixture(autouse=True)
def impatient(monkeypatch, tmp_path):
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    monkeypatch.setattr(ports, "PATIENCE", 0.05)
    monkeypatch.setattr(ports.list_ports, "comports", list)
    monkeypatch.chdir(tmp_path)


def board():
    return Line(board_of(NET, tiny_images()[1][:3]))


def usb(path, vid=0x0403):
    return SimpleNamespace(device=path, description="a cable", vid=vid)


def virtual(line, name="fake", running=True):
    """Publish a line as sim.virtual does; return the lock, to keep it."""
    folder = ports.VIRTUAL
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to(line)
    lock = open(folder / f".{name}.lock", "w", encoding="utf-8")
    if running:
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def test_the_one_board_that_answers_is_used(monkeypatch):
    with board() as line:
        monkeypatch.setattr(ports.list_ports, "comports", lambda: [usb(line.path)])
        found = ports.only()
    assert (found.candidate.path, found.baud) == (line.path, 3_000_000)
    assert found.text() == f"board 'fake' with network {NET.identity[:12]}"


def test_a_running_virtual_board_is_found():
    with board() as line, virtual(line.path):
        assert ports.only().candidate.path == "build/virtual/fake"


def test_a_link_that_a_stopped_board_left_is_not_asked():
    asked = []
    with Line(SimpleNamespace(feed=lambda octets: asked.append(octets) or b"")) as line, \
            virtual(line.path, running=False):
        found, = ports.survey()
    assert found.text() == "its virtual board has stopped"
    assert asked == []


def test_several_boards_are_listed_and_one_must_be_given(capsys):
    with board() as one, board() as two, virtual(one.path, "a"), virtual(two.path, "b"), \
            pytest.raises(ProtocolError, match=r"^Port must be given: 2 boards answer \(such as "
                                               r"--port build/virtual/a\)$"):
        ports.only()
    assert capsys.readouterr().err.splitlines() == [
        "port             what answers",
        f"build/virtual/a  board 'fake' with network {NET.identity[:12]} (virtual)",
        f"build/virtual/b  board 'fake' with network {NET.identity[:12]} (virtual)"]


def test_no_board_at_all(capsys):
    with pytest.raises(ProtocolError, match=r"^Port must be that of a board: none answers \(plug a "
                                            r"board in, start one with 'make virtual', or name the "
                                            r"port with --port\)$"):
        ports.only()
    assert capsys.readouterr().err == (
        "no USB serial ports, and no virtual board in build/virtual\n")


def test_ports_say_why_nothing_answers(monkeypatch):
    with board() as taken, Line(SimpleNamespace(feed=lambda octets: b"")) as silent, \
            Line(SimpleNamespace(feed=lambda octets: b"login: ")) as other, \
            serial.Serial(taken.path, exclusive=True):
        monkeypatch.setattr(ports.list_ports, "comports", lambda: [
            usb(taken.path), usb(silent.path), usb(other.path), usb("/dev/ttyS0", None),
            usb("/dev/ttyNONE")])
        reasons = {found.candidate.path: found.text() for found in ports.survey()}
    assert reasons == {
        taken.path: "another program has it open",
        silent.path: "nothing came in 2 attempts",
        other.path: "what it sends is no answer, 7 octets at the last attempt",
        "/dev/ttyS0": "not asked, as it is not USB (name it with --port)",
        "/dev/ttyNONE": "no such file"}


def test_a_device_that_another_process_has_open_is_not_asked(monkeypatch):
    with Line(SimpleNamespace(feed=lambda octets: b"")) as line:
        monkeypatch.setattr(ports.list_ports, "comports", lambda: [usb(line.path)])
        monkeypatch.setattr(os, "getpid", lambda: 0)  # so that this process counts as another
        found, = ports.survey()
    assert found.text() == "not asked, as another program has it open"
