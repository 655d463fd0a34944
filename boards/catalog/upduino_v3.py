"""UPduino v3: iCE40 UP5K; a 3.3 V serial adapter goes to the pins marked 28 (RX) and 38 (TX).

The internal oscillator may be off by 10 %, more than a serial port stands (the host's ``--baud``
can follow it); ``-osc`` uses the 12 MHz one, whose jumper OSC must be soldered.
"""

from amaranth_boards.upduino_v3 import UpduinoV3Platform

from ..board import Board, rgb_leds


BOARDS = tuple(
    Board(name=name, platform=type("Platform", (UpduinoV3Platform,), {"default_clk": clock}),
          device="iCE40UP5K", megahertz=24, baud=115_200, network="tfc", leds=rgb_leds(1),
          serial="adapter: RX on 28, TX on 38", pins={"conn": ("j", 0), "rx": "20", "tx": "19"},
          programmers=("iceprog {file}",))
    for name, clock in (("upduino_v3", "SB_HFOSC"), ("upduino_v3-osc", "clk12")))
