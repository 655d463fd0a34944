"""Says what is missing on this machine and how to get it; needs nothing but Python itself."""

import glob
import grp
import os
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

from sw.command import run

from .toolchain import tools


ROOT = Path(__file__).resolve().parent.parent
NEEDED = "needed"  # missing: exit code 1
OPTIONAL = "optional"
DISK = 4  # GiB: the virtual environment takes three


class Doctor:
    """Prints one line for each thing looked at, and remembers what is missing."""

    def __init__(self):
        self.missing = 0
        self.optional = 0

    def check(self, what, found, way_out, kind=NEEDED):
        """Print what was found, or that nothing was (None) and the way to get it."""
        if found is None:
            self.missing += kind == NEEDED
            self.optional += kind == OPTIONAL
            mark, text = ("MISSING" if kind == NEEDED else "absent"), way_out
        else:
            mark, text = "ok", found
        print(f"{mark:<8} {what:<22} {text}")


def version(name):
    """Return the version of a program on the PATH, or None."""
    path = shutil.which(name)
    return path and (tools.version_of((path,)) or path)


def package_version(name):
    """Return the version of an installed Python package, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def requirements():
    """Return names of the packages that pyproject.toml asks for: always, and for development."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lists = dict(re.findall(r"^(dependencies|dev) = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL))
    return [re.findall(r'^\s*"([\w-]+)', lists.get(key, ""), re.MULTILINE)
            for key in ("dependencies", "dev")]


def check_system(doctor):
    """Look at what pip cannot install."""
    number = "{}.{}.{}".format(*sys.version_info[:3])
    doctor.check("Python", number if sys.version_info >= (3, 11) else None,
                 f"3.11 or later (apt install python3.11, or pyenv); this is {number}")
    for program in ("make", "perl"):
        doctor.check(program, version(program), f"apt install {program}")
    compiler = next((name for name in (os.environ.get("CXX"), "c++", "g++", "clang++")
                     if name and shutil.which(name)), None)
    doctor.check("C++ compiler", compiler and f"{compiler} {version(compiler)}",
                 "apt install g++ (for simulation)")
    for program, packages in (
            ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"),
            ("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi"),
            ("qemu-aarch64", "qemu-user"), ("qemu-system-arm", "qemu-system-arm")):
        doctor.check(program, version(program), f"for C on Arm: apt install {packages}", OPTIONAL)
    free = shutil.disk_usage(ROOT).free / 2**30
    doctor.check("disk space", f"{free:.0f} GiB free" if free >= DISK else None,
                 f"{DISK} GiB needed, {free:.1f} free")


def check_packages(doctor):
    """Look for the Python packages, in the Python that runs this."""
    always, development = requirements()
    for names, kind in ((always, NEEDED), (development, OPTIONAL)):
        for name in names:
            doctor.check(name, package_version(name),
                         f"pip install {name}, or make venv for all", kind)


def check_tools(doctor):
    """Look for the toolchain."""
    for name in dict.fromkeys(name for family in tools.FAMILIES.values() for name in family):
        try:
            tool = tools.find(name)
            doctor.check(name, f"{tool.version} ({tool.origin}: {tool.command[0]})", "")
        except ValueError as error:
            doctor.check(name, None, str(error))
    doctor.check("openFPGALoader", version("openFPGALoader"),
                 "to load bitstreams: apt install openfpgaloader", OPTIONAL)


def check_data(doctor):
    """Look for the datasets."""
    folders = [Path(os.environ["THRESHER_DATA"])] if os.environ.get("THRESHER_DATA") else []
    folders.append(ROOT / "data")
    for name, kind, way_out in (
            ("mnist", NEEDED, "git checkout data/mnist"),
            ("fashion-mnist", OPTIONAL, "downloaded when a training asks for it")):
        found = next((folder / name for folder in folders
                      if any((folder / name).glob("*ubyte*"))), None)
        doctor.check(f"dataset {name}", found and str(found), way_out, kind)


def check_serial(doctor):
    """Look for serial ports, and whether this user may open them."""
    ports = sorted(glob.glob("/dev/ttyUSB*") + glob.glob("/dev/ttyACM*"))
    doctor.check("serial port", ", ".join(ports) or None,
                 "plug a board in (a virtual one needs none: make virtual)", OPTIONAL)
    for port in ports:
        allowed = os.access(port, os.R_OK | os.W_OK)
        try:
            group = grp.getgrgid(os.stat(port).st_gid).gr_name
        except (KeyError, OSError):
            group = "dialout"
        doctor.check(port, "may be opened" if allowed else None,
                     f"sudo usermod -aG {group} $USER, then log in again", OPTIONAL)


def main():
    doctor = Doctor()
    for part in (check_system, check_packages, check_tools, check_data, check_serial):
        part(doctor)
    if doctor.missing:
        print(f"\n{doctor.missing} needed and missing: see above (make venv installs the Python "
              f"packages and the toolchain)")
        return 1
    print(f"\nall that is needed is here; {doctor.optional} optional absent")
    return 0


if __name__ == "__main__":
    run(main)
