"""LambdaConcept ECPIX-5: ECP5 of two sizes, 100 MHz oscillator, serial port over USB (FT2232H)."""

from amaranth_boards import ecpix5

from ..board import Board, rgb_leds


BOARDS = tuple(
    Board(name=f"ecpix5-{size}f", platform=getattr(ecpix5, f"ECPIX5{size}Platform"),
          device=f"LFE5UM5G-{size}F", megahertz=50, baud=1_000_000, network="ulx3s-25f",
          serial="USB", leds=rgb_leds(4)[:8], programmers=("openFPGALoader -b ecpix5 {file}",))
    for size in (85, 45))
