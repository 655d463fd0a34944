"""TinyFPGA BX: iCE40 LP8K, 16 MHz; a 3.3 V serial adapter goes to pins 1 (RX) and 2 (TX)."""

from amaranth_boards.tinyfpga_bx import TinyFPGABXPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="tinyfpga_bx", platform=TinyFPGABXPlatform, device="iCE40LP8K", megahertz=32,
          baud=1_000_000, network="tfc", serial="adapter: RX on 1, TX on 2", leds=leds(1),
          pins={"conn": ("gpio", 0), "rx": "1", "tx": "2"},
          programmers=("tinyprog -p {file}",)),
)
