"""Reads the files of an archive into memory: sizes, counts and names are checked before content."""

import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath


LIMIT = 2**30  # octets of all files of an archive, unpacked
FILES = 2**20  # files and folders of an archive
DEPTH = 16     # folders above a file
HEAD = 512     # octets of a tar archive's first header
PACKED = {b"\xfd7zXZ\0": lzma.open, b"\x1f\x8b": gzip.open}  # how packed tar archives begin
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zipfile.LargeZipFile, gzip.BadGzipFile,
           lzma.LZMAError, zlib.error, EOFError, NotImplementedError, OverflowError, UnicodeError,
           RuntimeError)


@dataclass(frozen=True, order=True)
class Member:
    """A file in an archive, in memory. ``str`` gives the archive's path and the name inside.

    Attributes
    ----------
    archive : str
        Path of the archive.
    inner : PurePosixPath
        Name of the file in the archive.
    octets : bytes
        Content.
    """

    archive: str
    inner: PurePosixPath
    octets: bytes = field(default=b"", compare=False, repr=False)

    def __str__(self):
        return f"{self.archive}/{self.inner}"

    @property
    def name(self):
        return self.inner.name

    @property
    def suffix(self):
        return self.inner.suffix

    def exists(self):
        """Return True, as :meth:`pathlib.Path.exists` may not."""
        return True

    def is_file(self):
        """Return whether the disk has the file; an archive's files are in memory alone."""
        return False

    def open(self, mode="rb"):
        """Return the content as a binary file that has the member's name."""
        file = io.BytesIO(self.octets)
        file.name = str(self)
        return file


def kind(path):
    """Return ``"zip"`` or ``"tar"``, also of a packed tar archive; None for other files."""
    with open(path, "rb") as file:
        begin = file.read(6)
    if begin.startswith(b"PK\x03\x04"):
        return "zip"
    try:
        with _unpacked(path, begin) as file:
            return "tar" if file.read(HEAD)[257:262] == b"ustar" else None
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        return None


def members(path, wanted):
    """Return the files of an archive in its order.

    Parameters
    ----------
    path : Path
        A tar archive, plain or packed by gzip or xz, or a zip archive.
    wanted : callable
        Returns whether the content of a file is needed, for its name. Other files are empty.

    Raises
    ------
    ValueError
        If the archive is damaged or too large, has links or devices, or a name that leads out.
    """
    try:
        with open(path, "rb") as file:
            begin = file.read(6)
        read = _zip if begin.startswith(b"PK") else _tar
        return [Member(str(path), inner, octets) for inner, octets
                in read(path, begin, _Checks(path), wanted)]
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
    except OSError as error:
        if error.errno:
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
    raise ValueError(f"{path} must be an intact archive: {reason} (download it again)")


class _Checks:
    """Counts files and octets, and checks names."""

    def __init__(self, path):
        self.path = path
        self.files, self.octets = 0, 0

    def name(self, name, size):
        """Return the name of an entry as a path, or raise ValueError."""
        self.files += 1
        self.octets += size
        if self.files > FILES:
            raise ValueError(f"{self.path} must hold at most {FILES >> 20} million files (unpack "
                             f"it, and give a folder of fewer)")
        if self.octets > LIMIT:
            raise ValueError(f"{self.path} must hold at most {LIMIT >> 20} MiB, unpacked (unpack "
                             f"it, and give the folder that comes out)")
        inner = PurePosixPath(name)
        if inner.is_absolute() or ".." in inner.parts or "\\" in name or "\0" in name:
            raise ValueError(f"{self.path} must hold files inside it: {name[:60]!r} leads out "
                             f"(pack it again)")
        if len(inner.parts) > DEPTH:
            raise ValueError(f"{self.path} must hold at most {DEPTH} folders in one another: "
                             f"{name[:60]!r} (pack it again)")
        return inner

    def plain(self, name, plain, kind):
        if not plain:
            raise ValueError(f"{self.path} must hold files and folders alone: {name[:60]!r} is "
                             f"{kind} (pack it again without)")


class _Bounded:
    """A binary file that gives no more than ``limit`` octets in all, nor in one read."""

    def __init__(self, file, limit):
        self.file = file
        self.limit = limit

    def read(self, size):
        if size > self.limit or self.file.tell() > self.limit:
            raise tarfile.ReadError(f"it holds more than {self.limit >> 20} MiB")
        return self.file.read(size)

    def seek(self, place):
        return self.file.seek(place)

    def tell(self):
        return self.file.tell()


def _unpacked(path, begin):
    opened = next((opened for mark, opened in PACKED.items() if begin.startswith(mark)), open)
    return opened(path, "rb")


def _tar(path, begin, checks, wanted):
    # Headers take up to 2 KiB a file. Long names lie between the files, so they are bounded, too.
    with _unpacked(path, begin) as file, \
            tarfile.open(fileobj=_Bounded(file, 2 * LIMIT), mode="r:") as archive:
        for info in archive:
            archive.members = []  # tarfile remembers every header otherwise
            checks.plain(info.name, info.isfile() or info.isdir(),
                         "a link" if info.issym() or info.islnk() else "a device or pipe")
            inner = checks.name(info.name, info.size)
            if info.isfile():
                octets = archive.extractfile(info).read() if wanted(inner.name) else b""
                yield inner, octets


def _zip(path, begin, checks, wanted):
    with zipfile.ZipFile(path) as archive:
        entries = []
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            checks.plain(info.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR),
                         "a link" if kind == stat.S_IFLNK else "a device or pipe")
            entries.append((info, checks.name(info.filename, info.file_size)))
        for info, inner in entries:
            if info.is_dir():
                continue
            if info.compress_type not in _METHODS or info.flag_bits & 1:
                raise ValueError(f"{path} must be neither encrypted nor packed by rare methods: "
                                 f"{info.filename[:60]!r} is (pack it again)")
            yield inner, archive.read(info) if wanted(inner.name) else b""
