"""Colorlight 5A-75B r7.0: ECP5 25F, 25 MHz; a 3.3 V adapter on J19: RX on KEY+, TX on DATA_LED-.

The LED and the button share these pins, so the design shows no LED. JTAG is on pads J27 to J34.
"""

from amaranth_boards.colorlight_5a75b_r7_0 import Colorlight_5A75B_R70Platform

from ..board import Board


BOARDS = (
    Board(name="colorlight_5a75b", platform=Colorlight_5A75B_R70Platform, device="LFE5U-25F",
          megahertz=50, baud=1_000_000, network="ulx3s-25f",
          serial="adapter: RX on KEY+, TX on DATA_LED-",
          programmers=("openFPGALoader -c ft232 {file}", "ecpdap program {file}")),
)
