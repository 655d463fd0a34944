"""BlackIce II: iCE40 HX4K (the 8K's die), 100 MHz oscillator, serial port over USB (STM32)."""

from amaranth_boards.blackice_ii import BlackIceIIPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="blackice_ii", platform=BlackIceIIPlatform, device="iCE40HX4K", megahertz=50,
          baud=115_200, network="tfc", serial="USB", leds=leds(4),
          programmers=("cp {file} /dev/ttyACM0",)),
)
