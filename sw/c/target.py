"""Targets of the C backend: compilers, their options, and what suits the processor."""

import os
import shutil
from dataclasses import dataclass

from .part import SMALL, Options


@dataclass(frozen=True)
class Target:
    """A kind of processor.

    Attributes
    ----------
    name : str
        Name on the command line.
    compilers : tuple of str
        Programs that compile for it, the first one found is used.
    packages : str
        Way to get the first of them.
    cflags, ldflags : str
        Options of compiler and linker.
    options : sw.c.part.Options
        Ways to compute layers that suit it.
    emulator : tuple of str
        Command that runs a program here, with ``{program}`` and ``{arguments}``; empty if programs
        run as they are.
    emulator_packages : str
        Way to get the emulator.
    shared : bool
        Whether there are shared libraries.
    """

    name: str
    compilers: tuple
    packages: str
    cflags: str
    ldflags: str
    options: Options
    emulator: tuple = ()
    emulator_packages: str = ""
    shared: bool = True

    def compiler(self, kind):
        """Return the path of the compiler.

        Raises
        ------
        ValueError
            If there is none.
        """
        own = (os.environ["CC"],) if self.hosted and os.environ.get("CC") else ()
        for name in (*own, *self.compilers):
            if path := shutil.which(name):
                return path
        raise ValueError(f"Target {self.name} must have a C compiler for --kind {kind}: no "
                         f"{' or '.join((*own, *self.compilers))} is on the PATH (apt install "
                         f"{self.packages}, or --kind source)")

    @property
    def hosted(self):
        """Whether programs for the target run here without an emulator."""
        return not self.emulator

    def command(self, program, arguments):
        """Return the command that runs a program of the target here, a list of str.

        Raises
        ------
        ValueError
            If the emulator is missing.
        """
        if self.hosted:
            return [str(program), *arguments]
        if not shutil.which(self.emulator[0]):
            raise ValueError(f"Target {self.name} must have its emulator to run here: no "
                             f"{self.emulator[0]} is on the PATH (apt install "
                             f"{self.emulator_packages}, or leave --check out)")
        words = []
        for word in self.emulator:
            if word == "{arguments}":
                words += arguments
            else:
                joined = "".join(f",arg={argument}" for argument in (program.name, *arguments))
                words.append(word.format(program=program, joined=joined))
        return words


HOST = Target("host", ("cc", "gcc", "clang"), "gcc", "-O3 -march=native -fPIC", "", Options())
GENERIC = Target("generic", ("cc", "gcc", "clang"), "gcc", "-O2 -fPIC", "",
                 Options(word_cost=4.0))
CORTEX_A = Target(
    "cortex-a", ("aarch64-linux-gnu-gcc",), "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "-O3 -mcpu=cortex-a53 -fPIC", "-static", Options(word_cost=1.5),
    ("qemu-aarch64", "{program}", "{arguments}"), "qemu-user")
CORTEX_M = Target(
    "cortex-m", ("arm-none-eabi-gcc",), "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "-O3 -mcpu=cortex-m4 -mthumb -ffunction-sections -fdata-sections",
    "--specs=rdimon.specs -Wl,--gc-sections -T stm32f4.ld",
    Options(word_bits=32, group=1, prefer=SMALL, word_cost=2.5),
    ("qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-serial", "null", "-monitor",
     "none", "-icount", "shift=0", "-semihosting-config",
     "enable=on,target=native{joined}", "-kernel", "{program}"), "qemu-system-arm", shared=False)

TARGETS = {target.name: target for target in (HOST, CORTEX_A, CORTEX_M, GENERIC)}
