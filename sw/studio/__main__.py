"""Opens the studio: the way from data to a running chip, in a browser on this machine."""

import re
import secrets
import socket
import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from ..command import Parser, run


FOLDER = Path("build/studio")
PORT = 8765
PACKAGES = ("starlette", "uvicorn", "websockets")
SECRET = ".token"  # in the folder: the address stays the same when the server starts again


def token_of(folder):
    """Return the secret in the address of the studio in a folder; make one if there is none."""
    path = folder / SECRET
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    token = path.read_text(encoding="utf-8")
    if not re.fullmatch(r"[A-Za-z0-9_-]{32}", token):
        raise ValueError(f"{path} must hold the secret of the studio: it does not (remove it)")
    return token


def listening(port):
    """Return a socket that listens on this machine only; on any port if that one is taken."""
    for number in (port, 0):
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(("127.0.0.1", number))
            bound.listen()  # from now on a browser waits instead of being refused
            return bound
        except (OSError, OverflowError):
            bound.close()
    raise ValueError("Studio must have a port of 127.0.0.1: none is free")


def main(argv=None):
    parser = Parser(prog="python -m sw.studio", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR",
                        help="folder of the projects (default: %(default)s)")
    parser.add_argument("--port", type=int, default=PORT, metavar="N",
                        help="port on 127.0.0.1; another one if it is taken (default: %(default)s)")
    parser.add_argument("--no-open", action="store_true", help="print the address only")
    args = parser.parse_args(argv)
    for name in PACKAGES:
        if find_spec(name) is None:
            raise ValueError(f"Studio must have the package {name}: it is not installed (pip "
                             f"install 'thresher[studio]', or make studio)")
    import uvicorn

    from .app import application
    from .guard import Guard
    from .state import Studio
    args.folder.mkdir(parents=True, exist_ok=True)
    bound = listening(args.port)
    token, port = token_of(args.folder), bound.getsockname()[1]
    address = f"http://127.0.0.1:{port}/{token}/"
    guarded = Guard(application(Studio(args.folder)), token, port)
    server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", lifespan="on",
                                           ws="websockets-sansio", server_header=False,
                                           timeout_graceful_shutdown=2))
    print(f"the studio is at\n  {address}\nonly on this machine, only with this address; Ctrl-C "
          f"ends it, jobs go on", flush=True)
    if not args.no_open and sys.stdout.isatty():
        webbrowser.open(address)
    server.run(sockets=[bound])


if __name__ == "__main__":
    run(main)
