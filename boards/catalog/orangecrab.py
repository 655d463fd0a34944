"""OrangeCrab r0.2: ECP5, 48 MHz; a 3.3 V serial adapter goes to header pins 0 (RX) and 1 (TX)."""

from amaranth_boards import orangecrab_r0_2

from ..board import Board, rgb_leds


BOARDS = tuple(
    Board(name=f"orangecrab-{size.lower()}", device=f"LFE5U-{size}", megahertz=48,
          platform=getattr(orangecrab_r0_2, f"OrangeCrabR0_2_{size}Platform"), baud=1_000_000,
          network="ulx3s-25f", serial="adapter: RX on 0, TX on 1", leds=rgb_leds(1),
          pins={"conn": ("io", 0), "rx": "0", "tx": "1"},
          programmers=("openFPGALoader -b orangeCrab {file}", "dfu-util -d 1209:5af0 -D {file}"))
    for size in ("25F", "85F"))
