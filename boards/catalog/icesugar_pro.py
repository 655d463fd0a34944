"""Muse Lab iCESugar-pro: ECP5 25F, 25 MHz oscillator, serial port over USB (iCELink, slow)."""

from amaranth_boards.icesugar_pro import ICESugarProPlatform

from ..board import Board, rgb_leds


BOARDS = (
    Board(name="icesugar_pro", platform=ICESugarProPlatform, device="LFE5U-25F", megahertz=50,
          baud=115_200, network="ulx3s-25f", serial="USB", leds=rgb_leds(1),
          programmers=("openFPGALoader -c cmsisdap {file}", "icesprog {file}",
                       "ecpdap program {file}")),
)
