"""A PostgreSQL server for tests, in a temporary folder, without a port of the network."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


USER = "nobody"  # who runs the server if the tests run as root, which PostgreSQL refuses
WAIT = "60"      # seconds that the server may take to start


def programs():
    """Return the folder of PostgreSQL's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    there = found[-1] if found else shutil.which("initdb")
    return there and Path(there).resolve().parent


needed = pytest.mark.skipif(programs() is None, reason="there is no PostgreSQL")


@contextmanager
def server():
    """Start a server; give the address of a database and a function that ends the server."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        who = {"user": USER, "extra_groups": []} if os.getuid() == 0 else {}
        if who:
            user = pwd.getpwnam(USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        data, log = Path(folder) / "data", Path(folder) / "log"

        def run(program, *arguments):
            subprocess.run([programs() / program, *arguments], check=True, cwd=folder, timeout=120,
                           stdout=subprocess.DEVNULL, **who)

        def stop():
            if (data / "postmaster.pid").exists():
                run("pg_ctl", "-D", data, "-m", "immediate", "stop")

        run("initdb", "-D", data, "-U", "thresher", "--auth=trust", "--no-sync", "-E", "UTF8")
        run("pg_ctl", "-D", data, "-l", log, "-w", "-t", WAIT, "-o",
            f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off "
            f"-c shared_buffers=4MB", "start")
        try:
            yield f"postgresql://thresher@/postgres?host={folder}", stop
        finally:
            stop()
