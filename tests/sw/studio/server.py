"""A studio on a free port, as a process, and plain requests to it."""

import http.client
import json
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit


class Server:
    """A studio that runs; ``address`` is what it printed."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sw.studio", "--folder", str(folder), "--port", "0",
             "--no-open"], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.address = self.process.stdout.readline().strip()
        parts = urlsplit(self.address)
        self.host, self.prefix = parts.netloc, parts.path

    def ask(self, method, path, body=None, *, prefix=None, headers=None, host=None):
        """Send a request as no browser would have to; return the status, headers and octets."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.putrequest(method, (self.prefix if prefix is None else prefix) + path,
                              skip_host=True, skip_accept_encoding=True)
        if host != "":
            connection.putheader("Host", host or self.host)
        given = {"Content-Length": str(len(body or b""))} | (headers or {})
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        octets = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), octets

    def get(self, path):
        status, _, octets = self.ask("GET", path)
        assert status == 200, octets
        return json.loads(octets)

    def post(self, path, content):
        status, _, octets = self.ask("POST", path, json.dumps(content).encode())
        return status, json.loads(octets)

    def kill(self):
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(folder):
    """Run a studio in a block."""
    server = Server(folder)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)
        server.process.stdout.close()
