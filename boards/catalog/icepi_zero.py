"""Icepi Zero v1.3: ECP5 25F, 50 MHz oscillator, serial port over USB (FT231X)."""

from amaranth_boards.icepi_zero import IcepiZero1_3Platform

from ..board import Board, leds


BOARDS = (
    Board(name="icepi_zero", platform=IcepiZero1_3Platform, device="LFE5U-25F", megahertz=50,
          baud=1_000_000, network="ulx3s-25f", serial="USB", leds=leds(5),
          programmers=("openFPGALoader -b icepi-zero {file}",)),
)
