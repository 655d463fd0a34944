"""Downloads known files from several mirrors, resumes cut downloads, and checks checksums."""

import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..progress import progress
from ..store.files import naming, write_bytes
from ..store.lock import alone
from .form import unpack


TIMEOUT = 30  # seconds without a byte, after which a mirror counts as dead


@dataclass(frozen=True)
class File:
    """A file that never changes.

    Attributes
    ----------
    name : str
        Name on the mirrors and on disk.
    size : int
        Bytes.
    sha256 : str
        Checksum, hexadecimal.
    """

    name: str
    size: int
    sha256: str

    exact = True  # whether ``size`` is the file's
    method = "SHA-256"

    def digest(self, path):
        """Return the checksum of a downloaded file."""
        with open(path, "rb") as opened:
            return hashlib.file_digest(opened, self.method.replace("-", "").lower()).hexdigest()


class Md5File(File):
    """A file of which only an MD5 is published: ``sha256`` holds it."""

    method = "MD5"


@dataclass(frozen=True)
class Packed(File):
    """An archive whose files never change, but that may be packed anew, as GitHub's are.

    Attributes
    ----------
    size : int
        Bytes that it has at most.
    sha256 : str
        Checksum of its files: of name, 0 and content of each, by name.
    suffix : str
        Ending of the names of the files that count.
    """

    suffix: str

    exact = False

    def digest(self, path):
        made = hashlib.sha256()
        files = unpack.members(path, lambda name: name.endswith(self.suffix))
        for file in sorted(files, key=lambda file: file.name):
            if file.name.endswith(self.suffix):
                made.update(file.name.encode() + b"\0" + file.octets)
        return made.hexdigest()


def fetch(file, folder, mirrors):
    """Download ``file`` into ``folder`` unless it is there, from the first mirror that works.

    A cut download stays as ``.NAME.part``, and the next call goes on from there. The file gets its
    name only when its checksum is right.

    Parameters
    ----------
    file : File
        File to get.
    folder : path-like
        Target folder, which is made if need be.
    mirrors : sequence of str
        URLs of folders, tried in order.

    Returns
    -------
    Path
        The file.
    """
    path = Path(folder) / file.name
    if path.exists():
        return path
    with alone(path.with_name(f".{file.name}.lock"), f"Download of {path}", wait=True):
        return path if path.exists() else _fetch(file, path, mirrors)


def _fetch(file, path, mirrors):
    part = path.with_name(f".{file.name}.part")
    reasons = []
    for mirror in mirrors:
        try:
            _transfer(f"{mirror}/{file.name}", part, file)
            _check(part, file)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, OSError) and error.filename == str(part):
                raise  # the disk's fault, not the mirror's
            reason = getattr(error, "reason", None) or error
            reasons.append(f"{urlsplit(mirror).netloc}: {reason or type(error).__name__}")
            continue
        part.replace(path)
        return path
    raise OSError(f"{file.name} could not be downloaded: {'; '.join(reasons)} (go online and try "
                  f"again, or put the file into {path.parent}, or set THRESHER_DATA to a folder "
                  f"that has it)")


def _transfer(url, part, file):
    """Append the missing bytes to ``part``."""
    have = part.stat().st_size if part.exists() else 0
    if have > file.size or not file.exact:
        part.unlink(missing_ok=True)
        have = 0
    if have == file.size:
        return
    headers = {"User-Agent": "thresher"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        have = have if resumed else 0
        with open(str(part), "ab" if resumed else "wb") as out, \
                progress(total=file.size if file.exact else None, initial=have, what=file.name,
                         unit="bytes", delay=1) as bar:
            while have <= file.size and (piece := answer.read(2**16)):
                with naming(part):
                    out.write(piece)
                    out.flush()
                have += len(piece)
                bar.update(len(piece))
    if have < file.size and file.exact:
        raise OSError(f"ended after {have} of {file.size} bytes")


def _check(part, file):
    """Remove ``part`` and raise ValueError unless it has the file's checksum."""
    digest = file.digest(part)
    if digest != file.sha256:
        part.unlink()
        raise ValueError(f"sent another file ({file.method} {digest[:12]}, not "
                         f"{file.sha256[:12]})")


def take_out(archive, names, folder):
    """Take files out of a downloaded archive into a folder, unless they are there.

    Parameters
    ----------
    archive : Path
        The archive.
    names : sequence of str
        Names of the files, without those of the folders in the archive.
    folder : Path
        Target folder, which is made if need be.
    """
    missing = [name for name in names if not (folder / name).exists()]
    if not missing:
        return
    found = {member.name: member.octets
             for member in unpack.members(archive, missing.__contains__)}
    for name in missing:
        if name not in found:
            raise ValueError(f"{archive} must hold {name}: it does not (download it again)")
        write_bytes(folder / name, found[name])
