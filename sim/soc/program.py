"""The program of the processor: images and driver, compiled to words of its ROM."""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from sw.line.protocol import pack_images
from sw.store.files import write_text


__all__ = ["compiled"]

COMPILERS = ("riscv64-unknown-elf-gcc", "riscv64-linux-gnu-gcc")
SOURCE = Path(__file__).with_name("firmware.c")
LINK = """ENTRY(_start)
MEMORY {{ rom : ORIGIN = {rom:#x}, LENGTH = {rom_size:#x} }}
stack_top = {stack:#x};
SECTIONS {{
  .text : {{ *(.start) *(.text*) *(.rodata*) *(.srodata*) }} > rom
  /DISCARD/ : {{ *(.comment) *(.eh_frame*) *(.riscv.attributes) *(.note*) }}
}}
"""


def compiler():
    """Return a C compiler for RISC-V."""
    for name in COMPILERS:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"A C compiler for RISC-V must be on the PATH: there is none of "
                            f"{', '.join(COMPILERS)} (apt install gcc-riscv64-unknown-elf)")


def packed_words(network, images):
    """Return images as words of the core, ndarray of uint32, shape (n, words)."""
    octets = pack_images(images, network.pixel_bits, network.shift)
    padded = np.pad(octets, ((0, 0), (0, -octets.shape[1] % 4)))
    return np.ascontiguousarray(padded).view("<u4")


def compiled(folder, core, network, images, *, rom, sram, core_at, uart):
    """Compile the program with images in it; return the words of the ROM, a list of int.

    Parameters
    ----------
    folder : Path
        Where files go.
    core : Path
        Folder of the core, with its header.
    network : :class:`sw.network.Network`
        Network of the core.
    images : ndarray
        Images to send.
    rom, sram : (int, int)
        Origin and octets of the memories.
    core_at, uart : int
        Addresses of the core and of the UART's registers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [", ".join(f"{word:#x}u" for word in image) for image in packed_words(network, images)]
    write_text(folder / "images.h", "\n".join([
        f"#define IMAGES {len(images)}u",
        "static const uint32_t images[][THRESHER_CORE_IMAGE_WORDS] = {",
        *(f"    {{{row}}}," for row in rows), "};", ""]))
    write_text(folder / "link.ld", LINK.format(rom=rom[0], rom_size=rom[1],
                                               stack=sram[0] + sram[1]))
    made = folder / "firmware.elf"
    command = [compiler(), "-march=rv32i", "-mabi=ilp32", "-Os", "-Wall", "-Wextra", "-Werror",
               "-ffreestanding", "-nostdlib", "-fno-builtin", "-fno-pic", "-no-pie",
               f"-DCORE={core_at:#x}u", f"-DUART={uart:#x}u", "-I", str(folder), "-I", str(core),
               "-T", str(folder / "link.ld"), str(SOURCE), "-o", str(made)]
    _call(command)
    binary = folder / "firmware.bin"
    _call([command[0].removesuffix("gcc") + "objcopy", "-O", "binary", str(made), str(binary)])
    octets = binary.read_bytes()
    return np.frombuffer(octets + b"\0" * (-len(octets) % 4), "<u4").tolist()


def _call(command):
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise ValueError(f"Program of the processor must compile: {done.stderr.strip()[:500]}")
