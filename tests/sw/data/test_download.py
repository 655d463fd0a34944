import gzip
import http.server
import io
import re
import tarfile
import threading
from contextlib import contextmanager
from hashlib import sha256

import pytest

from sw.data.download import File, Packed, fetch


CONTENT = bytes(range(256)) * 700
FILE = File("set.gz", len(CONTENT), sha256(CONTENT).hexdigest())


@contextmanager
def serving(answer):
    """Serve ``answer(range or None) -> (status, bytes, length to announce)``; give URL and log."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers["Range"])
            status, octets, length = answer(self.headers["Range"])
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def whole(asked):
    return 200, CONTENT, len(CONTENT)


def resumable(asked):
    start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked else 0
    return 206 if asked else 200, CONTENT[start:], len(CONTENT) - start


def cut(asked):
    return 200, CONTENT[:70000], len(CONTENT)


def foreign(asked):
    return 200, CONTENT[::-1], len(CONTENT)


def endless(asked):
    return 200, CONTENT * 2, 2 * len(CONTENT)


def gone(asked):
    return 404, b"", 0


def test_a_file_that_is_there_is_not_downloaded(tmp_path):
    (tmp_path / "set.gz").write_bytes(b"mine")
    assert fetch(FILE, tmp_path, ()).read_bytes() == b"mine"


@pytest.mark.parametrize("bad", [gone, foreign, endless, cut])
def test_the_next_mirror_is_asked_when_one_fails(tmp_path, bad):
    with serving(bad) as (first, _), serving(whole) as (second, _):
        assert fetch(FILE, tmp_path / "new", (first, second)).read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["set.gz"]


def test_a_cut_download_goes_on_where_it_ended(tmp_path):
    with serving(cut) as (url, _), pytest.raises(OSError, match=r"ended after 70000 of 179200"):
        fetch(FILE, tmp_path, (url,))
    with serving(resumable) as (url, asked):
        assert fetch(FILE, tmp_path, (url,)).read_bytes() == CONTENT
    assert asked == ["bytes=70000-"]


def test_a_mirror_that_cannot_resume_sends_all_again(tmp_path):
    (tmp_path / ".set.gz.part").write_bytes(CONTENT[:1000])
    with serving(whole) as (url, _):
        assert fetch(FILE, tmp_path, (url,)).read_bytes() == CONTENT


def test_a_wrong_part_does_not_stay(tmp_path):
    (tmp_path / ".set.gz.part").write_bytes(b"x" * 1000)
    with serving(resumable) as (url, asked):
        assert fetch(FILE, tmp_path, (url, url)).read_bytes() == CONTENT
    assert asked == ["bytes=1000-", None]


def test_all_mirrors_down_says_why_and_what_to_do(tmp_path):
    with serving(gone) as (first, _), serving(foreign) as (second, _):
        pass
    with serving(foreign) as (third, _):
        names = [re.escape(url.removeprefix("http://")) for url in (first, second, third)]
        with pytest.raises(OSError, match=(
                rf"^set\.gz could not be downloaded: {names[0]}: \[Errno 111\] Connection refused; "
                rf"{names[1]}: \[Errno 111\] Connection refused; {names[2]}: sent another file "
                rf"\(SHA-256 [0-9a-f]{{12}}, not {FILE.sha256[:12]}\) \(go online and try again, "
                rf"or put the file into {re.escape(str(tmp_path))}, or set THRESHER_DATA to a "
                rf"folder that has it\)$")):
            fetch(FILE, tmp_path, (first, second, third))
    assert list(tmp_path.iterdir()) == []


def packed(level, files):
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=level) as zipped, \
            tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, octets in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            archive.addfile(info, io.BytesIO(octets))
    return buffer.getvalue()


WORDS = {"set/b.wav": b"two", "set/a.wav": b"one", "set/README": b"text"}
SPOKEN = Packed("set.tar.gz", 10_000, sha256(b"a.wav\0oneb.wav\0two").hexdigest(), ".wav")


@pytest.mark.parametrize("level", [1, 9])
def test_an_archive_that_is_packed_anew_is_known_by_its_files(tmp_path, level):
    octets = packed(level, WORDS)
    with serving(lambda asked: (200, octets, len(octets))) as (url, _):
        assert fetch(SPOKEN, tmp_path, [url]).read_bytes() == octets


def test_an_archive_with_another_file_is_refused(tmp_path):
    octets = packed(1, {**WORDS, "set/c.wav": b"three"})
    with serving(lambda asked: (200, octets, len(octets))) as (url, _), \
            pytest.raises(OSError, match=r"sent another file"):
        fetch(SPOKEN, tmp_path, [url])
    assert not list(tmp_path.glob(".set*"))
