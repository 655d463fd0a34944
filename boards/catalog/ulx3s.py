"""Radiona ULX3S: ECP5 of four sizes, 25 MHz oscillator, serial port over USB (FT231X)."""

from amaranth_boards import ulx3s

from ..board import Board, leds


BOARDS = tuple(
    Board(name=f"ulx3s-{size.lower()}", platform=getattr(ulx3s, f"ULX3S_{size}_Platform"),
          device=f"LFE5U-{size}", megahertz=60, baud=3_000_000, network="ulx3s-25f",
          serial="USB", leds=leds(8),
          high=("esp32 0 gpio0",),  # low lets the ESP32 restart the board
          programmers=("openFPGALoader -b ulx3s {file}", "fujprog {file}"))
    for size in ("85F", "45F", "25F", "12F"))
