"""1BitSquared iCEBreaker: iCE40 UP5K, 12 MHz oscillator, serial port over USB (FT2232H)."""

from amaranth_boards.icebreaker import ICEBreakerPlatform

from ..board import Board, leds


BOARDS = (
    Board(name="icebreaker", platform=ICEBreakerPlatform, device="iCE40UP5K", megahertz=24,
          baud=1_000_000, network="tfc", serial="USB", leds=leds(2),
          programmers=("openFPGALoader -b ice40_generic {file}", "iceprog {file}"),
          flash_programmers=("openFPGALoader -b ice40_generic -f -o {offset} {file}",
                             "iceprog -o {offset} {file}")),
)
