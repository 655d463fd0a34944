"""Lattice iCE40HX8K-B-EVN: iCE40 HX8K, 12 MHz oscillator, serial port over USB (FT2232H)."""

from amaranth_boards.ice40_hx8k_b_evn import ICE40HX8KBEVNPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="ice40_hx8k_b_evn", platform=ICE40HX8KBEVNPlatform, device="iCE40HX8K",
          megahertz=48, baud=1_000_000, network="tfc", serial="USB", leds=leds(8),
          programmers=("openFPGALoader -b ice40_generic {file}", "iceprog {file}")),
)
