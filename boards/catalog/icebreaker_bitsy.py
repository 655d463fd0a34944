"""iCEBreaker Bitsy: iCE40 UP5K, 12 MHz; a 3.3 V serial Pmod goes to Pmod 1 (TX pin 2, RX pin 3)."""

from amaranth_boards.icebreaker_bitsy import ICEBreakerBitsyPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="icebreaker_bitsy", platform=ICEBreakerBitsyPlatform, device="iCE40UP5K",
          megahertz=24, baud=1_000_000, network="tfc", leds=leds(2),
          serial="adapter: Pmod 1, TX on 2, RX on 3",
          pins={"conn": ("pmod", 1), "rx": "3", "tx": "2"},
          programmers=("openFPGALoader -b icebreaker-bitsy {file}",
                       "dfu-util -d 1d50:6146 -a 0 -R -D {file}")),
)
