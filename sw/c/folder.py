"""The folder of a C library: sources and what builds them, written whole or not at all."""

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from ..store.files import naming
from .batch import files as sources
from .target import CORTEX_M
from .template import filled


FORMAT = "thresher-c/1"
ABOUT = "thresher-c.json"  # tells a folder of this command from others

# What lines of compilers and linkers have that say the reason, best first.
TELLING = ("overflowed", "undefined reference", "error: ", "rror")

KINDS = ("source", "static", "shared", "program")


@contextmanager
def replacing_folder(path):
    """Give an empty temporary folder that becomes ``path`` if the block succeeds.

    A failure leaves the old folder, or none. Only a folder of this command is replaced.

    Raises
    ------
    ValueError
        If the path is something else already.
    """
    path = Path(path)
    if path.exists() and not (path / ABOUT).is_file() and not _is_empty(path):
        raise ValueError(f"Output must be a new folder, or one that this command made: {path} "
                         f"(choose another with --output)")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{token_hex(8)}.part")
    old = path.with_name(f".{path.name}.{token_hex(8)}.old")
    with naming(path):
        temporary.mkdir()
        try:
            yield temporary
            if path.exists():
                path.rename(old)
            temporary.rename(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            if old.exists() and not path.exists():
                old.rename(path)
            shutil.rmtree(old, ignore_errors=True)


def _is_empty(path):
    return path.is_dir() and not any(path.iterdir())


def write(folder, source, target, kind):
    """Write all files of a library.

    Parameters
    ----------
    folder : Path
        An empty folder.
    source : sw.c.source.Source
        The library.
    target : sw.c.target.Target
        Decides the options in the Makefile.
    kind : str
        One of :data:`KINDS`; a program gets a ``main`` beside the library.
    """
    files = sources(source)
    words = _words(source, target, kind, [name for name in files if name.endswith(".c")])
    files["Makefile"] = filled("Makefile", words)
    files["CMakeLists.txt"] = filled("CMakeLists.txt", words).rstrip() + "\n"
    files["README.md"] = filled("README.md", words)
    if kind == "program":
        small = target is CORTEX_M
        clock = filled("systick.c" if small else "clock.c", words)
        files["main.c"] = filled("main.c", words | {"CLOCK": clock.rstrip()})
        if small:
            files |= {name: filled(name, words) for name in ("startup.c", "stm32f4.ld")}
    files[ABOUT] = json.dumps({
        "format": FORMAT, "identity": source.network.identity, "name": source.prefix,
        "target": target.name, "kind": kind}, indent=2) + "\n"
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _words(source, target, kind, sources):
    """Return what stands for the words between @ in the templates."""
    name, network = source.prefix, source.network
    program, small = kind == "program", target is CORTEX_M
    mains = ["main.o", *(["startup.o"] if small else [])] if program else []
    compiler = target.compilers[0]
    return source.words | {
        "TARGET": target.name, "CC": compiler,
        "AR": "ar" if target.hosted else f"{compiler.removesuffix('gcc')}ar",
        "CFLAGS": target.cflags, "LDFLAGS": target.ldflags if program else "",
        "OBJECTS": " ".join(f"{Path(file).stem}.o" for file in sources),
        "SOURCES": " ".join(sources), "MAINS": " ".join(mains),
        "PROGRAM": f"{name}.elf" if small else name, "ROUND": 4 if small else 64,
        "LABELS": "\n".join(f"- {index}: {_escaped(label)}"
                            for index, label in enumerate(network.labels)),
        "BATCH": " at once, each in one bit of a register" if source.sliced
                 else ", one after the other",
        "RANGE": "" if network.input_bits in (8, 16) else
                 f"Pixels must be below {2**network.input_bits}.\n",
        "ADD_PROGRAM": f"\nadd_executable({name}_program main.c)\n"
                       f"target_link_libraries({name}_program {name})" if program and not small
                       else "",
        "PROGRAM_TEXT": f"- `{name} FILE` prints the labels of the images in an IDX file or a raw "
                        f"file, `--scores` their scores;\n  `--benchmark` says how fast it is.\n"
                        if program else "",
    }


def _escaped(label):
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>()#+-.!|" else letter
                   for letter in label)


def compile_(folder, source, target, kind, *, keep=False):
    """Compile a library in its folder; return the name of the file made.

    ``keep`` leaves the object files there.

    Raises
    ------
    ValueError
        If the compiler is missing or refuses the source.
    """
    name = source.prefix
    made = {"static": f"lib{name}.a", "shared": f"lib{name}.so",
            "program": f"{name}.elf" if target is CORTEX_M else name}[kind]
    compiler = target.compiler(kind)
    if kind == "shared" and not target.shared:
        raise ValueError(f"Target {target.name} must have --kind static or program: it has no "
                         f"shared libraries")
    if not shutil.which("make"):
        raise ValueError(f"Kind {kind} must have make on the PATH: there is none (apt install "
                         f"make, or --kind source)")
    done = subprocess.run(["make", "--no-print-directory", kind, f"CC={compiler}"], cwd=folder,
                          capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        lines = [line for telling in TELLING for line in done.stderr.splitlines()
                 if telling in line]
        raise ValueError(f"Target {target.name} must compile the library: "
                         f"{(lines or ['no message'])[0].strip()} (look into it with --kind "
                         f"source, then make)")
    for path in () if keep else folder.glob("*.o"):
        path.unlink()
    return made
