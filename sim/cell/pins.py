"""A board as it was built, to be simulated by its pins: a netlist or a bitstream, made a top."""

__all__ = ["with_pins"]

WRAPPER = """
module top (input clk, rst, rx, output tx, output [7:0] leds);
    wire not_cs, sck, copi, cipo;
    {name} chip ({pins});
    {flash}
    assign leds = 8'h80;  // busy for all we know: the simulation runs on
endmodule
"""

FLASH = """spi_flash flash (.clk(clk), .rst(rst), .spi__cs(~not_cs), .spi__clk(sck),
                     .spi__copi(copi), .spi__cipo(cipo));"""
FLASH_PINS = {f"spi_flash_1x_0__{pin}__io": wire for pin, wire in
              {"cs": "not_cs", "clk": "sck", "copi": "copi", "cipo": "cipo"}.items()}


def with_pins(verilog, name, clock, pins, *, flash=False):
    """Return Verilog with a top like that of a virtual board, around a module with a board's pins.

    Parameters
    ----------
    verilog : str
        The design.
    name : str
        Its module.
    clock : str
        Its pin for the oscillator.
    pins : collection of str
        All of its pins.
    flash : bool
        Connect a module ``spi_flash``, :class:`sim.board.flash.Flash`, to those of the flash.
    """
    known = {clock: "clk", "uart_0__rx__io": "rx", "uart_0__tx__io": "tx"}
    if flash:
        known |= FLASH_PINS
    missing = [pin for pin in known if pin not in pins]
    if missing:
        raise ValueError(f"Design must have the pin {missing[0]}: it has {', '.join(pins)}")
    connected = ", ".join(f".\\{pin} ({wire})" for pin, wire in known.items())
    return verilog + WRAPPER.format(name=name, pins=connected, flash=FLASH * flash)
