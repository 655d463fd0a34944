"""What is fuzzed: a reader, inputs for it, and what must hold of everything that it accepts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sw.command import explain


CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass(frozen=True)
class Target:
    """A reader of outside files.

    Attributes
    ----------
    name : str
        Its name, and that of its folder in ``tests/corpus``.
    file : str
        Name of the file that it reads.
    read : callable
        Takes the path; ``ValueError`` and ``OSError`` mean that the file is refused.
    inputs : callable
        Takes the contents of ``tests/corpus``, a list of bytes; returns a hypothesis strategy of
        contents of the file.
    holds : callable
        Takes what was read, and the path; raises anything if that is not well-formed, or not what
        the file says.
    """

    name: str
    file: str
    read: Callable
    inputs: Callable
    holds: Callable

    @property
    def corpus(self):
        """Files with inputs that were found worth keeping."""
        return sorted((CORPUS / self.name).glob("*"))

    def try_out(self, octets, folder):
        """Give a file with these octets to the reader; return whether it was accepted."""
        path = Path(folder) / self.file
        path.write_bytes(octets)
        try:
            value = self.read(path)
        except (ValueError, OSError) as error:
            return self._refused(error)
        self.holds(value, path)
        return True

    @staticmethod
    def _refused(error):
        text = explain(error)
        assert text, f"{type(error).__name__} must say what is wrong"
        assert text.isprintable(), "message must be one line"
        return False
