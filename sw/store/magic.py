"""Names files of foreign formats by their first octets, for messages that say what to do."""

import gzip
import re
import zipfile
import zlib
from pathlib import Path


HEAD = 1024  # octets of a file that are looked at
MEMBERS = 10_000  # entries of a zip file that are looked at

# First octets, format, and what a user can do to have a dataset. {path} and {stem} are the file's.
_MAGIC = (
    (0, b"PAR1", "a Parquet file", "pandas"),
    (0, b"ARROW1", "a Feather (Arrow) file", "pandas.read_feather"),
    (0, b"ORC", "an ORC file", "pandas.read_orc"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", "hdf5"),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file", "matlab"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Office file", "excel"),
    (0, b"SQLite format 3\0", "an SQLite database", "sqlite"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive", "archive"),
    (0, b"\xfd7zXZ\0", "an xz file", "packed"),
    (0, b"BZh", "a bzip2 file", "packed"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file", "packed"),
    (0, b"\x1f\x9d", "a compress (.Z) file", "packed"),
    (257, b"ustar", "a tar archive", "archive"),
    (0, b"%PDF-", "a PDF file", "none"),
    (0, b"\x93NUMPY", "a NumPy array (.npy)", "npy"),
    (4, b"TFL3", "a TensorFlow Lite network", "network"),
    (0, b"GGUF", "a GGUF network", "network"),
    (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)", "picture"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", "picture"),
    (0, b"GIF8", "a picture (GIF)", "picture"),
    (0, b"II*\0", "a picture (TIFF)", "picture"),
    (0, b"MM\0*", "a picture (TIFF)", "picture"),
    (8, b"WEBP", "a picture (WebP)", "picture"),
    (8, b"WAVE", "a recording (WAV)", "sound"),
    (0, b"ID3", "a recording (MP3)", "wav"),
    (0, b"fLaC", "a recording (FLAC)", "wav"),
    (0, b"OggS", "a recording (Ogg)", "wav"),
    (0, b"\x7fELF", "a program (ELF)", "none"),
    (0, b"RDX", "an R data file", "r"),
    (0, b"RDA", "an R data file", "r"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself", "lfs"),
)
_TEXTS = (  # after blanks, in any case
    (rb"(<!doctype html|<html|<head|<body)", "a web page (HTML)", "page"),
    (rb"<\?xml|<svg", "an XML file", "text"),
    (rb"\{\s*[\"}]|\[\s*[\[{\"]", "a JSON file", "json"),
)
_WAYS = {
    "pandas": 'save it as CSV: pandas.read_parquet("{path}").to_csv("{stem}.csv", index=False)',
    "pandas.read_feather": 'save it as CSV: pandas.read_feather("{path}").to_csv("{stem}.csv", '
                           'index=False)',
    "pandas.read_orc": 'save it as CSV: pandas.read_orc("{path}").to_csv("{stem}.csv", '
                       'index=False)',
    "hdf5": 'save its arrays with h5py and NumPy: file = h5py.File("{path}"); '
            'numpy.savez("{stem}.npz", x=file[…][:], y=file[…][:])',
    "matlab": 'give images X and labels y: as {stem}.mat, or numpy.savez("{stem}.npz", x=…, y=…)',
    "excel": "save the sheet as CSV (Save as …)",
    "sqlite": 'save one table as CSV: sqlite3 -header -csv "{path}" "select * from …" > {stem}.csv',
    "archive": "unpack it, and give the folder that comes out",
    "packed": "unpack it, and give the file that comes out",
    "npy": "give it as {stem}.npy with the labels beside it as y.npy",
    "network": "networks come from train.bnn_mnist and sw.fold",
    "onnx": "python -m sw.exchange {path} -o {stem}.net.npz makes a network of it",
    "picture": "give a folder with one subfolder of pictures a class",
    "sound": "give a folder with one subfolder of WAV files a class",
    "wav": "make a WAV file of it: ffmpeg -i {path} -ac 1 -ar 16000 {stem}.wav",
    "none": "give a table, arrays or pictures",
    "r": 'save it as CSV in R: write.csv(…, "{stem}.csv", row.names=FALSE)',
    "lfs": "fetch the file: git lfs pull",
    "page": "the download gave a page instead of the file: download it again in a browser",
    "text": "save it as CSV",
    "json": 'save it as CSV: pandas.read_json("{path}").to_csv("{stem}.csv", index=False)',
    "torch": 'load it with torch.load and save its arrays: numpy.savez("{stem}.npz", x=…, y=…)',
    "pickle": 'load it with pickle, if you trust it, and save its arrays: '
              'numpy.savez("{stem}.npz", x=…, y=…)',
    "npz": "name its arrays x_train, y_train, x_test and y_test",
    "records": 'save its examples as arrays: numpy.savez("{stem}.npz", x=…, y=…)',
}
_IN_ZIP = (  # an entry's name, what the file is, way out
    (r"xl/", "an Excel file (.xlsx)", "excel"),
    (r"word/|ppt/", "an Office file", "none"),
    (r"(.*/)?data\.pkl", "a PyTorch file (.pt)", "torch"),
    (r"model\.weights\.h5", "a Keras network", "network"),
    (r".*\.npy", "a NumPy archive (.npz)", "npz"),
)
_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # magic number of PyTorch before 1.6


def name(path):
    """Return what a file of a foreign format is, and what its user can do.

    Parameters
    ----------
    path : path-like
        A file. Its name counts only where formats have no mark.

    Returns
    -------
    tuple of str and str, or None
        ``("a Parquet file", "save it as CSV: …")``. None for an unknown format, or plain text.
    """
    path = Path(path)
    with open(path, "rb") as file:
        head = file.read(HEAD)
    found = _zipped(path, head) or _by_octets(head) or _gzipped(path, head) or _pickled(head) \
        or _protobuf(path, head) or _text(head)
    if found is None:
        return None
    what, way = found
    return what, _WAYS[way].format(path=path, stem=path.name.split(".")[0] or "data")


def _zipped(path, head):
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:MEMBERS]
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError):
        return "a damaged zip archive", "archive"
    for pattern, what, way in _IN_ZIP:
        if any(re.match(pattern, entry) for entry in names):
            return what, way
    return "a zip archive", "archive"


def _by_octets(head):
    if head.startswith(b"MATLAB 7.3 MAT-file") or head[512:520] == b"\x89HDF\r\n\x1a\n":
        return "a MATLAB 7.3 file, which is HDF5", "hdf5"
    return next(((what, way) for place, octets, what, way in _MAGIC
                 if head[place:place + len(octets)] == octets), None)


def _gzipped(path, head):
    if not head.startswith(b"\x1f\x8b"):
        return None
    try:
        with gzip.open(path) as file:
            inside = file.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return "a damaged gzip file", "packed"
    if inside[257:262] == b"ustar":
        return "a tar archive (.tar.gz)", "archive"
    if inside.startswith((b"RDX", b"RDA", b"X\n\0\0")):
        return "an R data file", "r"
    found = _by_octets(inside) or _pickled(inside)
    return ("a gzip file" if found is None else f"{found[0]}, packed by gzip"), "packed"


def _pickled(head):
    if _TORCH in head[:32]:
        return "a PyTorch file (.pt, of before 1.6)", "torch"
    if re.match(rb"\x80[\x02-\x05](\x95.{8}|[]}(c\x8c\x8a])", head, re.DOTALL):
        return "a Python pickle", "pickle"
    return None


def _protobuf(path, head):
    if re.match(rb"\x08[\x01-\x20](\x12|\x1a|:|B)", head) or path.suffix == ".onnx":
        return "an ONNX network", "onnx"
    if path.suffix in (".tfrecord", ".tfrecords"):
        return "a TFRecord file", "records"
    if head[5:10] == b'\0\0\0{"':
        return "a safetensors file", "records"
    return None


def _text(head):
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next(((what, way) for pattern, what, way in _TEXTS if re.match(pattern, start)), None)
