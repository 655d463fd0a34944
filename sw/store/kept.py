"""Keeps what a function makes of a file until the file is another."""

from functools import lru_cache, wraps
from pathlib import Path


def kept(most):
    """Return a decorator of functions of a path: results of the latest ``most`` files are kept.

    A file is another once it was replaced or written to.
    """
    def decorate(function):
        @lru_cache(maxsize=most)
        def made(path, changed, inode):
            return function(path)

        @wraps(function)
        def of(path):
            about = Path(path).stat()
            return made(str(path), about.st_mtime_ns, about.st_ino)
        return of
    return decorate
