"""Hash of the code that a command runs: of what it imports from here, without its comments."""

import ast
import hashlib
from functools import cache
from pathlib import Path


ROOT = Path(__file__).parents[1]
PACKAGES = ("boards", "hw", "sim", "sw", "train")


def digest(*modules, without=(), packages=PACKAGES):
    """Hash modules and all that they import from this repository.

    Comments and docstrings do not count: they change nothing that runs. A C++ file of a module's
    name counts with it, and Verilog files whose names begin with it.

    Parameters
    ----------
    modules : str
        Dotted names, ``"sim.full"``.
    without : tuple of str
        Modules to leave out, with what only they import.
    packages : tuple of str
        Packages to stay in.

    Returns
    -------
    str
        Hexadecimal.
    """
    for name in modules:
        if path_of(name) is None:
            raise ValueError(f"Module must be a file of this repository: {name!r}")
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if (name not in found and name not in without and name.split(".")[0] in packages
                and path_of(name)):
            found.add(name)
            waiting += _imports(path_of(name), name.split(".")[0])
    sha = hashlib.sha256()
    for name in sorted(found):
        sha.update(f"{name} {_content(path_of(name))}\n".encode())
    return sha.hexdigest()


def path_of(name):
    """Return the file of one of our modules, or None."""
    path = (ROOT / name.replace(".", "/")).with_suffix(".py")
    return path if name.split(".")[0] in PACKAGES and path.is_file() else None


@cache
def _imports(path, package):
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*([package] if node.level else []), *filter(None, [node.module])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


@cache
def _content(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (isinstance(body, list) and body and isinstance(body[0], ast.Expr)
                and isinstance(body[0].value, ast.Constant)
                and isinstance(body[0].value.value, str)):
            del body[0]
    beside = [path.with_suffix(".cpp"), *sorted(path.parent.glob(f"{path.stem}_*.v"))]
    return ast.dump(tree) + "".join(file.read_text(encoding="utf-8") for file in beside
                                    if file.is_file())
