"""Lattice ECP5 Versa and ECP5-5G Versa: 45F, 100 MHz, serial port over USB (FT2232H)."""

from amaranth_boards.versa_ecp5 import VersaECP5Platform
from amaranth_boards.versa_ecp5_5g import VersaECP55GPlatform

from ..board import Board, leds


BOARDS = tuple(
    Board(name=name, platform=platform, device=platform.device, megahertz=50, baud=1_000_000,
          network="ulx3s-25f", serial="USB", leds=leds(8),
          programmers=("openFPGALoader -c ft2232 {file}",))
    for name, platform in (("versa_ecp5", VersaECP5Platform),
                           ("versa_ecp5-5g", VersaECP55GPlatform)))
