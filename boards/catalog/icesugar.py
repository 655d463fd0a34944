"""Muse Lab iCESugar: iCE40 UP5K, 12 MHz oscillator, serial port over USB (iCELink, slow)."""

from amaranth_boards.icesugar import ICESugarPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="icesugar", platform=ICESugarPlatform, device="iCE40UP5K", megahertz=24,
          baud=115_200, network="tfc", serial="USB", leds=leds(3),
          programmers=("icesprog {file}",)),  # or copy the file to the iCELink drive
)
