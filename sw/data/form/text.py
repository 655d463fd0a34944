"""Text of a table, from a file or a stream: unpacked, decoded, line by line, in bounded memory."""

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass, field

from ...store import magic
from ...store.files import naming


LIMIT = 2**28  # octets of a file, unpacked
LINE_LIMIT = 2**25  # characters of a line: 32 for each of the most columns there may be
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"))

_CONTROL = re.compile(rb"[\0-\x08\x0e-\x19\x1c-\x1f]")


@dataclass(eq=False)
class Text:
    """Text that can be read several times.

    Attributes
    ----------
    path : path-like or str
        Where the text comes from, for messages.
    octets : bytes
        The text as it is stored.
    encoding : str
        Name of its encoding.
    notes : list of str
        Sentences on a guessed encoding.
    """

    path: object
    octets: bytes
    encoding: str
    notes: list = field(default_factory=list)

    @classmethod
    def read(cls, source):
        """Return the text of a path, or of an open stream, text or binary."""
        if hasattr(source, "read"):
            path = getattr(source, "name", "stream")
            path = "standard input" if path == "<stdin>" else path
            # The octets below a stream of text are wanted: the terminal's encoding is not theirs.
            octets = _bounded(path, getattr(source, "buffer", source))
        else:
            path = source
            with naming(path), open(path, "rb") as file:
                octets = _bounded(path, file)
        return cls._of(path, _unpacked(path, octets))

    @classmethod
    def _of(cls, path, octets):
        for mark, encoding in _MARKS:
            if octets.startswith(mark):
                return cls(path, octets, encoding)
        if b"\0" in octets[:2**16]:
            raise ValueError(f"{path} must be text to be a table: it holds octets 0 (save it as "
                             f"CSV in UTF-8)")
        try:
            for _ in codecs.iterdecode(_pieces(octets), "utf-8"):
                pass
        except UnicodeDecodeError:
            return cls(path, octets, "latin-1", [f"{path} is read as Latin-1, because it is not "
                                                 f"UTF-8 (save it in UTF-8)"])
        return cls(path, octets, "utf-8")

    def lines(self):
        """Yield the lines without their ends; refuse an endless line, which would fill memory."""
        file = io.TextIOWrapper(io.BytesIO(self.octets), self.encoding)
        try:
            while line := file.readline(LINE_LIMIT):
                if len(line) == LINE_LIMIT and not line.endswith("\n"):
                    raise ValueError(f"{self.path} must have lines of less than "
                                     f"{LINE_LIMIT >> 20} million characters")
                yield line.removesuffix("\n")
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.path} must be text in {self.encoding}, as its first octets "
                             f"say: {error.reason} (save it as CSV in UTF-8)") from None


def _bounded(path, file):
    pieces, left = [], LIMIT + 1
    while left and (piece := file.read(min(left, 2**20))):
        pieces.append(piece.encode() if isinstance(piece, str) else piece)
        left -= len(piece)
    if not left:
        raise ValueError(f"{path} must be at most {LIMIT >> 20} MiB (use .npz for larger sets)")
    return b"".join(pieces)


def _unpacked(path, octets):
    if not octets.startswith(b"\x1f\x8b"):
        return octets
    try:
        with gzip.open(io.BytesIO(octets)) as file:
            return _bounded(path, file)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} must be an intact gzip file: {error} (download it again)"
                         ) from None


def _pieces(octets):
    for start in range(0, len(octets), 2**20):
        yield octets[start:start + 2**20]


def is_text(path):
    """Return whether a file holds text: no format that has a name, and no control characters."""
    found = magic.name(path)
    if found is not None and found[0] != "a gzip file":
        return False
    opened = gzip.open if found else open
    try:
        with opened(path, "rb") as file:
            head = file.read(2**12)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return True  # so that reading refuses the file and says that it is damaged
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    return bool(head) and _CONTROL.search(head) is None
