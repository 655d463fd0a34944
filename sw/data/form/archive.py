"""Archives of pictures, recordings or CIFAR's binary files, read in memory."""

import zipfile
from pathlib import PurePosixPath

from ...store import magic
from .. import images
from . import cifar, folder, sounds, tablefile, unpack
from .pictures import Pictures, Tree, is_hidden


FORM = "archive of pictures"


def matches(path):
    """Return whether a path is such an archive, or a folder with archives and no other data."""
    if path.is_dir():
        return bool(_archives(path)) and not tablefile.matches(path)
    return _is_ours(path)


def read(path, options):
    """Read the files of an archive; pictures are decoded when they are asked for."""
    file = path
    if path.is_dir():
        found = _archives(path)
        if len(found) > 1:
            listed = ", ".join(archive.name for archive in found[:8])
            raise ValueError(f"{path} must hold one archive: it holds {listed} (give one of them: "
                             f"{found[0]})")
        file, = found
    files = unpack.members(file, _is_needed)
    if batches := [member for member in files if cifar.is_batch(member.name)]:
        return cifar.of_batches(path, batches, files)
    if recordings := sorted(member for member in files if sounds.is_sound(member.name)
                            and not any(map(is_hidden, member.inner.parts))):
        return sounds.of_files(path, [(member, member.inner) for member in recordings], options)
    tree = tree_of(file, files)
    if not tree.pictures and not tree.folders:
        raise ValueError(f"{file} must hold pictures in one folder a class, as in train/cat/1.png: "
                         f"it holds {_some(files)}")
    raw = folder.of_tree(path, tree, options)
    raw.form = FORM
    return raw


class PackedPictures(Pictures):
    """Pictures of an archive; ``paths`` are members."""

    def __getitem__(self, place):
        return images.decode(self.paths[place].open())


class PackedTree(Tree):
    """Content of a folder in an archive."""

    on_disk = False
    sequence = PackedPictures


def tree_of(path, files):
    """Return the visible content of an archive as a tree of its folders."""
    root = PackedTree(path)
    children = {(): root}
    for file in sorted(files):
        parts = file.inner.parts
        if any(map(is_hidden, parts)):
            root.hidden += 1
            continue
        tree = _folder(children, path, parts[:-1])
        (tree.pictures if _is_picture(file.name) else tree.others).append(file)
    _prune(root)
    return root


def _folder(children, path, parts):
    """Return the tree of a folder in an archive, which is made if need be."""
    if parts not in children:
        above = _folder(children, path, parts[:-1])
        children[parts] = PackedTree(path / PurePosixPath(*parts))
        above.folders.append(children[parts])
    return children[parts]


def _prune(tree):
    """Move folders without pictures to ``empty``, and their files to the folder above."""
    for inner in tree.folders:
        _prune(inner)
    full = [inner for inner in tree.folders if inner.pictures or inner.folders]
    for inner in tree.folders:
        if inner not in full:
            tree.empty.append(inner.path)
            tree.others += inner.others
    tree.folders = full


def _archives(path):
    return sorted(file for file in path.iterdir() if file.is_file() and not is_hidden(file.name)
                  and _is_ours(file))


def _is_ours(file):
    """Return whether a file is a tar archive, or a zip archive with pictures or batches."""
    found = unpack.kind(file)
    if found != "zip":
        return found == "tar"
    if magic.name(file)[0] != "a zip archive":
        return False  # damaged, or arrays, or an Office file
    with zipfile.ZipFile(file) as archive:
        return any(_is_needed(name.rsplit("/", 1)[-1]) for name in archive.namelist())


def _is_needed(name):
    return (_is_picture(name) or cifar.is_batch(name) or name in cifar.NAMES
            or sounds.is_sound(name))


def _is_picture(name):
    return PurePosixPath(name).suffix.lower() in images.suffixes()


def _some(files):
    if not files:
        return "no files"
    return ", ".join(str(file.inner) for file in files[:5]) + (", …" if len(files) > 5 else "")
