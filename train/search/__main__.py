"""Searches for the best networks for a dataset and a board: ``python -m train.search``."""

import sys

from sw.command import run
from sw.share.options import check_packages


def main(argv=None):
    check_packages("Search")
    from .command import main as search
    return search(argv)


if __name__ == "__main__":
    run(main, sys.argv[1:])
