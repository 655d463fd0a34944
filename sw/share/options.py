"""Options of commands that share their work, and the packages that sharing needs."""

from argparse import ArgumentTypeError
from importlib.util import find_spec


NEEDED = ("optuna", "sqlalchemy", "fsspec")  # packages of the extra "search"


def check_packages(what):
    """Raise ValueError unless the packages are installed that shared work needs."""
    for name in NEEDED:
        if find_spec(name) is None:
            raise ValueError(f"{what} needs the package {name} (pip install 'thresher[search]', or "
                             f"pip install {' '.join(NEEDED)})")


def add_options(parser, journal="the work is not shared"):
    """Add the options of shared work; ``journal`` says what happens without a database."""
    add = parser.add_argument
    add("--storage", metavar="URL", help=f"database that workers on several machines share, such "
        f"as postgresql://user:password@host/name (default: {journal})")
    add("--heartbeat", type=count, default=60, metavar="SECONDS", help="between two signs of life "
        "in the database; a worker that misses three is dead (default: %(default)s)")


def count(text):
    """Read a number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"must be a number from 1: {text!r}")
    return int(text)
