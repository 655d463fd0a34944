"""How every command line ends: a user's mistake is one line and exit code 2, no traceback."""

import os
import sys


def run(main, *argv):
    """Call ``main(*argv)`` and exit with what it returns.

    ``ValueError`` and ``OSError`` stand for bad input: one line on stderr, exit code 2.
    Ctrl-C exits with 130, as shells expect.
    """
    try:
        status = main(*argv)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output went away, as in "... | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    sys.exit(status)
