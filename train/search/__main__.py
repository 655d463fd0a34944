"""Searches for the best networks for a dataset and a board: ``python -m train.search``."""

import sys
from importlib.util import find_spec

from sw.command import run


NEEDED = ("optuna", "sqlalchemy", "fsspec")  # packages of the extra "search"


def main(argv=None):
    for name in NEEDED:
        if find_spec(name) is None:
            raise ValueError(f"Search needs the package {name} (pip install 'thresher[search]', or "
                             f"pip install {' '.join(NEEDED)})")
    from .command import main as search
    return search(argv)


if __name__ == "__main__":
    run(main, sys.argv[1:])
