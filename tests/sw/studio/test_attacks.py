"""sw.studio: what other pages, other names, and damaged requests may not do."""

import io
import json
import os
import socket
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sw.conversion import Row
from sw.studio import answer, upload
from sw.studio.project import Projects, checked
from tests.sw.jobs.test_job import until

from .server import serving


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
ENDLESS = 1 << 40  # octets that a small file would unpack to


def picture(rows=4, columns=4):
    """Return a white PNG of any size, which is small where it is packed."""
    octets = io.BytesIO()
    Image.new("1", (columns, rows), 1).save(octets, "PNG")
    return octets.getvalue()


def arrays():
    """Return an .npz that says that its array takes :data:`ENDLESS` octets once it is unpacked."""
    octets = io.BytesIO()
    with (zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive,
          archive.open("x_train.npy", "w") as file):
        about = {"descr": "|u1", "fortran_order": False, "shape": (ENDLESS >> 10, 32, 32)}
        np.lib.format.write_array_header_1_0(file, about)
        file.write(bytes(1 << 20))
    return octets.getvalue()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    (folder.parent / "secret.png").write_bytes(PNG)
    with serving(folder) as server:
        server.folder = folder
        status, made = server.post("projects", {"dataset": "own"})
        assert (status, made) == (200, {"name": "own-1"})
        yield server


def test_it_listens_on_this_machine_only(studio):
    port = int(studio.host.split(":")[1])
    inodes = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
              if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"}
    assert inodes == {f"0100007F:{port:04X}"}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize("prefix", ["/", "/projects/", "/wrong/", "//", "/%2e%2e/", ""])
def test_nothing_comes_without_the_token(studio, prefix):
    for path in ("", "projects", "main.js"):
        status, _, octets = studio.ask("GET", path, prefix=prefix or "/x")
        assert status == 403
        assert b"token" in octets


def test_the_token_is_secret_and_stays(studio):
    token = studio.prefix.strip("/")
    path = studio.folder / ".token"
    assert len(token) >= 32
    assert path.read_text() == token
    assert path.stat().st_mode & 0o077 == 0
    with serving(studio.folder) as other:
        assert other.prefix == studio.prefix


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "0.0.0.0:1", "", "[::1]:1"])
def test_another_name_for_this_machine_is_refused(studio, host):
    status, _, octets = studio.ask("GET", "projects", host=host)
    assert status in (400, 421)
    assert b"own-1" not in octets


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}])
def test_other_pages_are_refused(studio, headers):
    for method, path in (("GET", "projects"), ("POST", "projects"), ("DELETE", "projects/own-1")):
        assert studio.ask(method, path, headers=headers)[0] == 403
    assert [one["name"] for one in studio.get("projects")["projects"]] == ["own-1"]


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_sockets_of_other_pages_are_refused(studio, origin):
    address = studio.address.replace("http", "ws") + "projects/own-1/live"
    with pytest.raises(InvalidStatus):
        connect(address, origin=origin)
    own = f"http://{studio.host}"
    with pytest.raises(InvalidStatus):
        connect(address.replace(studio.prefix, "/wrong/"), origin=own)
    with connect(address, origin=own) as socket_:
        assert json.loads(socket_.recv())["name"] == "own-1"


def test_every_answer_has_a_strict_policy(studio):
    for method, path, prefix in (("GET", "", None), ("GET", "projects", None), ("GET", "x", "/")):
        headers = studio.ask(method, path, prefix=prefix)[1]
        policy = dict(part.strip().split(" ", 1) for part in
                      headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_page_has_no_inline_script_and_no_foreign_address():
    page = Path(upload.__file__).parent / "page"
    for path in page.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, path
        assert not any(word in text for word in ("innerHTML", "eval(", "javascript:", "<script>"))


@pytest.mark.parametrize("path", [
    "../secret.png", "..%2fsecret.png", "%2e%2e/secret.png",
    "projects/own-1/files/..%2f..%2f.token",
    "projects/own-1/files/project.json", "projects/own-1/files/%2e%2e%2f%2e%2e%2f.token",
    "projects/..%2f..%2fown-1", "projects/%2e%2e", "projects/.token", "app.py", "../app.py",
    "projects/own-1/files/network?run=../run1", "projects/own-1/cell?run=..&truth=0&given=0"])
def test_no_path_of_the_page_is_opened(studio, path):
    status, _, octets = studio.ask("GET", path)
    assert status in (400, 403, 404)
    assert PNG not in octets
    assert studio.prefix.strip("/").encode() not in octets


@pytest.mark.parametrize(("path", "content"), [
    ("projects", {"dataset": "/etc"}), ("projects", {"dataset": "../secret"}),
    ("projects", {"dataset": "mnist", "board": "a b"}),
    ("projects/own-1", {"network": {"recipe": "--output=/tmp/x"}}),
    ("projects/own-1", {"network": {"hidden": ["16"]}}), ("projects/own-1", {"seconds": 1e9}),
    ("projects/own-1", {"network": {"hidden": [10**9]}}), ("projects/own-1", {"run": "../run1"}),
    ("projects/own-1", {"folder": "/tmp"}), ("projects/own-1/jobs", {"kind": "rm"}),
    ("projects/own-1/jobs", {"kind": "train", "run": "../x"}), ("projects/own-1/jobs", {}),
    ("projects/own-1/jobs", []), ("projects/own-1", []),
    ("projects/own-1", {"part": {"pins": "1"}}), ("projects/own-1", {"part": ["iCE40UP5K"]}),
    ("projects/own-1", {"part": {"device": "--list"}}),
    ("projects/own-1", {"part": {"device": "iCE40UP5K", "package": "SG48"}}),
    ("projects/own-1/stop", {"id": "../../x"})])
def test_choices_that_make_no_sense_are_refused(studio, path, content):
    before = (studio.folder / "own-1" / "project.json").read_text()
    status, answer = studio.post(path, content)
    assert status in (400, 404)
    assert set(answer) == {"error"}
    assert "Traceback" not in answer["error"]
    assert (studio.folder / "own-1" / "project.json").read_text() == before
    assert not (studio.folder / "own-1" / "jobs").exists()


def test_what_lies_outside_a_project_stays_there(studio):
    """Files are planted where a path through a run's or a project's name would find them."""
    own = studio.folder / "own-1"
    status, answer = studio.post("projects/own-1", {"network": {"recipe": "tfc"}})
    assert (status, answer) == (200, {})
    (own / "run1").mkdir()
    (studio.folder / "x").mkdir()
    for path in (studio.folder / "x.net.npz", studio.folder / "x.ckpt.npz"):
        path.write_bytes(PNG)
    (studio.folder.parent / "project.json").write_text((own / "project.json").read_text())
    try:
        for path in ("projects/own-1/files/network?run=../x", "projects/%2e%2e",
                     "projects/own-1/files/checkpoint?run=..%2Fx"):
            status, _, octets = studio.ask("GET", path)
            assert (status, PNG in octets) == (404, False)
        for kind in ("train", "build"):
            assert studio.post("projects/own-1/jobs", {"kind": kind, "run": "../x"})[0] == 404
        assert list((studio.folder / "x").iterdir()) == []
    finally:
        (own / "run1").rmdir()
        (studio.folder.parent / "project.json").unlink()


@pytest.mark.parametrize("name", ["--list", "--board-file=x", "-h", "a b", "../x", "", None, 3])
def test_a_board_name_never_becomes_an_option(name):
    with pytest.raises(ValueError, match=r"^Choice 'board' must make sense: "):
        checked("board", name)


def test_uploads_have_names_of_ours_and_bounds(studio, monkeypatch):
    folder = studio.folder / "own-1" / "data"
    path = "projects/own-1/data?class=..%2F..%2Fx&name=../../evil.png"
    status, _, octets = studio.ask("PUT", path, picture())
    assert (status, json.loads(octets)) == (200, {"name": "000001.png"})
    assert (folder / "labels.csv").read_text() == "file,label\n000001.png,../../x\n"
    for refused, body in (("class=a", b"GARBAGE"), ("class=a", PNG), ("class=", PNG),
                          ("class=%0a%00", PNG), (f"class={'a' * 61}", PNG), ("kind=py", b""),
                          ("", b"")):
        assert studio.ask("PUT", f"projects/own-1/data?{refused}", body)[0] == 400
    assert sorted(path.name for path in folder.iterdir()) == ["000001.png", "labels.csv"]
    large = studio.ask("PUT", "projects/own-1/data?class=a", PNG + bytes(upload.EXAMPLE))
    assert large[0] == 413
    assert sorted(path.name for path in folder.iterdir()) == ["000001.png", "labels.csv"]


def test_small_files_that_unpack_to_large_ones_are_refused(studio):
    """Neither is unpacked: the server's memory grows by less than either would take."""
    def peak():
        status = Path(f"/proc/{studio.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10

    before, bomb = peak(), picture(30_000, 30_000)
    assert len(bomb) < 1 << 18
    status, _, octets = studio.ask("PUT", "projects/own-1/data?class=a", bomb)
    assert (status, b"more than 64 million" in octets) == (400, True)
    assert studio.post("projects", {"dataset": "own"}) == (200, {"name": "own-2"})
    assert studio.ask("PUT", "projects/own-2/data?kind=npz", arrays())[0] == 200
    assert peak() - before < 1 << 28
    studio.post("projects/own-2/jobs", {"kind": "data"})

    def ended():
        job = studio.get("projects/own-2")["jobs"][0]
        return job if job["state"] != "running" else None

    job = until(ended)
    assert job["state"] == "failed"
    assert "its arrays take more than 2048 MiB" in job["error"]
    assert "data.json" not in studio.get("projects/own-2")["files"]
    assert studio.ask("DELETE", "projects/own-2")[0] == 200


def test_rows_of_numbers_are_bounded_and_finite():
    own = SimpleNamespace(inputs=2, conversion=Row(("a", "b")))
    assert answer.example(b"[1, 2.5]", own).tolist() == [1, 2.5]
    for octets in (b"[1]", b"[[1, 2]]", b'[1, "x"]', b"[1, 2", b"[" * 5000, b"[]"):
        with pytest.raises((ValueError, RecursionError)):
            answer.example(octets, own)


def test_json_without_end_is_refused(studio):
    for path in ("projects", "projects/own-1", "projects/own-1/jobs"):
        status, _, octets = studio.ask("POST", path, b"[" * 100_000)
        assert (status, set(json.loads(octets))) == (400, {"error"})


def test_requests_are_bounded(studio):
    for headers in ({"Content-Length": str((1 << 24) + 1)}, {"Content-Length": "-1"},
                    {"Transfer-Encoding": "chunked", "Content-Length": "0"}):
        status = studio.ask("POST", "projects/own-1/answer", None, headers=headers)[0]
        assert status in (400, 413)


def test_files_of_a_project_are_bounded(tmp_path, monkeypatch):
    project = Projects(tmp_path).create("own", "icebreaker")
    project.data.mkdir()
    for index in range(3):
        (project.data / f"{index}.png").write_bytes(b"1234")
    names = os.listdir(project.data)
    monkeypatch.setattr(upload, "FILES", 2)
    with pytest.raises(upload.TooMuch, match=r"^Examples of a project must be at most 2: 3 are "):
        upload._check_room(project.data, names)
    monkeypatch.setattr(upload, "FILES", 3)
    monkeypatch.setattr(upload, "ROOM", 11)
    with pytest.raises(upload.TooMuch, match=r"^Examples of a project must take at most 0 MiB$"):
        upload._check_room(project.data, names)
