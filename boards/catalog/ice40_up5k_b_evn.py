"""Lattice iCE40UP5K-B-EVN: iCE40 UP5K, 12 MHz; a 3.3 V serial adapter on U6: TX pin 8, RX pin 9."""

from amaranth_boards.ice40_up5k_b_evn import ICE40UP5KBEVNPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="ice40_up5k_b_evn", platform=ICE40UP5KBEVNPlatform, device="iCE40UP5K",
          megahertz=24, baud=1_000_000, network="tfc", leds=leds(3),
          serial="adapter: U6, TX on 8, RX on 9",  # pins 1 to 4 belong to the flash
          pins={"conn": ("pmod", 0), "rx": "9", "tx": "8"},
          programmers=("openFPGALoader -b ice40_generic {file}", "iceprog {file}"),
          flash_programmers=("openFPGALoader -b ice40_generic -f -o {offset} {file}",
                             "iceprog -o {offset} {file}")),
)
