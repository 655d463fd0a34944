"""Hash of the code that a command runs: of what it imports from here, without its comments."""

import ast
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path


ROOT = Path(__file__).parents[2]
PLAIN = {"dataclass", "cache", "contextmanager"}  # decorators that tell nobody of what they are on

PACKAGES = ("boards", "hw", "sim", "sw", "train")
TESTED = (*PACKAGES, "tests")  # where the tests count, too
DISCOVERERS = ("Registry", "discover")  # see sw.layer.registry


def digest(*modules, without=(), packages=PACKAGES):
    """Hash modules and all that they import from this repository.

    Comments and docstrings do not count: they change nothing that runs. Neither does a function or
    class at the top of an imported module that no module among them names. A C++ file of a module's
    name counts with it, and Verilog files whose names begin with it.

    Parameters
    ----------
    modules : str
        Dotted names, ``"sim.full"``.
    without : tuple of str
        Modules to leave out, with what only they import.
    packages : tuple of str
        Packages or modules to stay in.

    Returns
    -------
    str
        Hexadecimal.
    """
    for name in modules:
        if path_of(name) is None:
            raise ValueError(f"Module must be a file of this repository: {name!r}")
    contents = {name: _content(path_of(name))
                for name in sorted(reached(*modules, without=without, packages=packages))}
    named = {word for content in contents.values() for word in content.named}
    sha = hashlib.sha256()
    for name, content in contents.items():
        sha.update(f"{name} {content.used(None if name in modules else named)}\n".encode())
    return sha.hexdigest()


def reached(*modules, without=(), packages=PACKAGES):
    """Return the names of modules and of all that they import, with the packages around them."""
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without and _within(name, packages):
            path = path_of(name)
            if path:
                found.add(name)
                waiting += imports(path)
            waiting += [name.rpartition(".")[0]] if "." in name else []
    return found


def _within(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def path_of(name):
    """Return the file of one of our modules or packages, or None."""
    if name.split(".")[0] not in TESTED:
        return None
    base = ROOT / name.replace(".", "/")
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py")
                 if path.is_file()), None)


def module_of(path):
    """Return the dotted name of a file of ours; a package's is that of its folder."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path):
    """Return the dotted names that a file imports, relative ones as absolute ones.

    Of ``from a import b`` that is ``a.b``, which may be a module or something in the module ``a``.
    Where a call names packages whose files are all imported, :data:`DISCOVERERS`, these are too.
    """
    package = path.parent.relative_to(ROOT).parts
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            around = package[:len(package) - node.level + 1] if node.level else ()
            base = ".".join([*around, *filter(None, [node.module])])
            names += [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in DISCOVERERS:
            rooms = [part.value for argument in node.args for part in ast.walk(argument)
                     if isinstance(part, ast.Constant)]
            names += [module for room in rooms for module in _modules_of(room)]
    return names


@dataclass(frozen=True)
class Content:
    """Code of a file that runs.

    Attributes
    ----------
    parts : tuple of (str, str, frozenset of str)
        Statements: the name if it is a function or class that only its name can reach, else an
        empty one; the code; the names in it.
    beside : str
        The files that count with it.
    """

    parts: tuple
    beside: str

    @property
    def named(self):
        """Names in all statements; a definition that names itself does not count for itself."""
        return [word for name, _, words in self.parts for word in words if word != name]

    def used(self, named):
        """Return the code of all statements but for definitions that nothing names.

        ``named`` are the names that count, ``None`` for all.
        """
        return "\n".join(code for name, code, _ in self.parts
                         if not name or named is None or name in named) + self.beside
def _modules_of(room):
    """Return the names of the modules of a package of ours; none of any other text."""
    path = path_of(room) if isinstance(room, str) else None
    if path is None or path.name != "__init__.py":
        return []
    return [module_of(file) for file in sorted(path.parent.glob("*.py"))]


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
    return Content(tuple((_name_of(node), ast.dump(node), frozenset(_words(node)))
                         for node in tree.body),
                   "".join(file.read_text(encoding="utf-8") for file in beside if file.is_file()))


def _name_of(node):
    """Return the name of a definition that nothing reaches but by it, else an empty one."""
    if not isinstance(node, ast.ClassDef | ast.FunctionDef) or any(
            not PLAIN & set(_words(decorator)) for decorator in node.decorator_list):
        return ""
    tests = node.name.startswith(("test_", "Test"))  # pytest finds these
    return "" if tests else node.name


def _words(node):
    """Yield all names in a statement; texts count, too, as ``getattr`` takes them."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.alias):
            yield from part.name.split(".")
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from re.findall(r"\w+", part.value)
