"""Lattice ECP5-5G evaluation board: 85F, 12 MHz; its USB serial port wants two resistors moved.

Section 6.2 of the board's user manual says which.
"""

from amaranth_boards.ecp5_5g_evn import ECP55GEVNPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="ecp5_5g_evn", platform=ECP55GEVNPlatform, device="LFE5UM5G-85F", megahertz=48,
          baud=1_000_000, network="ulx3s-25f", serial="USB, after moving two resistors",
          leds=leds(8), programmers=("openFPGALoader -b ecp5_evn {file}",)),
)
