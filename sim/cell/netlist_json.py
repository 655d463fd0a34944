"""Writes one module of Yosys' JSON as Verilog, bit by bit."""

from collections import defaultdict


__all__ = ["Netlist", "parameter"]


def parameter(cell, name):
    """Return an integer parameter of a cell: Yosys writes it as binary digits."""
    return int(cell["parameters"][name].replace("x", "0"), 2)


class Netlist:
    """The Verilog of a module, as it grows.

    Parameters
    ----------
    netlist : dict
        Yosys' JSON; its top module is written.

    Attributes
    ----------
    cells : dict of str to dict
        Cells by name, as in the JSON.
    """

    def __init__(self, netlist):
        tops = [name for name, module in netlist["modules"].items()
                if int(module.get("attributes", {}).get("top", "0"), 2)]
        if len(tops) != 1:
            raise ValueError(f"Netlist must have one top module: {', '.join(tops) or 'none'}")
        self.name = tops[0]
        module = netlist["modules"][self.name]
        self.ports = module["ports"]
        self.cells = module["cells"]
        self.lines = []
        self.extra = 0
        self.bits = {bit for port in self.ports.values() for bit in port["bits"]
                     if isinstance(bit, int)}
        self.registers = {}
        self.blocks = defaultdict(list)

    def net(self, bit):
        """Return the name of a net, or a constant."""
        if isinstance(bit, str):
            return f"1'b{bit}"
        self.bits.add(bit)
        return f"n{bit}"

    def pin(self, cell, name, default="0"):
        """Return what a one-bit input of a cell is connected to."""
        return self.net(*(cell["connections"].get(name) or [default]))

    def output(self, cell, name):
        """Return the net of a one-bit output, None if nothing takes it."""
        bits = cell["connections"].get(name) or ["x"]
        return None if isinstance(bits[0], str) else self.net(bits[0])

    def assign(self, cell, name, expression):
        """Say what a one-bit output is."""
        if net := self.output(cell, name):
            self.lines.append(f"assign {net} = {expression};")

    def wire(self, expression):
        """Return a name for an expression."""
        self.extra += 1
        self.lines.append(f"wire w{self.extra} = {expression};")
        return f"w{self.extra}"

    def flip_flop(self, cell, *, clock, data, enable, reset, value, start, reset_needs_enable,
                  at_once):
        """Add a flip-flop; those that share their control are written as one block."""
        if net := self.output(cell, "Q"):
            self.registers[net] = start
            key = (clock, enable, reset, reset_needs_enable, at_once)
            self.blocks[key].append((net, self.pin(cell, data), value))

    def unused(self):
        """Return a name for an output that nothing takes."""
        self.extra += 1
        self.lines.append(f"wire w{self.extra};")
        return f"w{self.extra}"

    def place(self, kind, settings, pins):
        """Add a module's instance."""
        self.extra += 1
        self.lines.append(f"{kind} #({', '.join(settings)}) c{self.extra} ({', '.join(pins)});")

    def instance(self, cell):
        """Add a cell as it is, with its parameters."""
        settings = [f".{name}({_literal(value)})" for name, value in cell["parameters"].items()]
        pins = []
        for name, bits in cell["connections"].items():
            output = cell["port_directions"][name] == "output"
            if output and len(bits) == 1 and isinstance(bits[0], str):
                continue
            pins.append(f".{name}({{{', '.join(self.net(bit) for bit in reversed(bits))}}})")
        self.place(cell["type"], settings, pins)

    def module(self):
        """Return the module's text."""
        header, connections = [], []
        for name, port in self.ports.items():
            size = len(port["bits"])
            header.append(f"{port['direction']} [{size - 1}:0] {_escape(name)}")
            for place, bit in enumerate(port["bits"]):
                outside = f"{_escape(name)}[{place}]"
                if port["direction"] == "output":
                    connections.append(f"assign {outside} = {self.net(bit)};")
                else:
                    connections.append(f"assign {self.net(bit)} = {outside};")
        blocks = [line for key, registers in self.blocks.items()
                  for line in _always(*key, registers)]
        declared = [f"reg {self.net(bit)} = 1'b{self.registers[f'n{bit}']};"
                    if f"n{bit}" in self.registers else f"wire n{bit};"
                    for bit in sorted(self.bits)]
        return "\n".join([f"module {self.name} ({', '.join(header)});", *declared, *connections,
                          *self.lines, *blocks, "endmodule", ""])


def _always(clock, enable, reset, reset_needs_enable, at_once, registers):
    """Yield the lines of flip-flops with the same control."""
    def edge(expression):
        return f"{'negedge' if expression[0] == '~' else 'posedge'} {expression.lstrip('~')}"

    taken = [f"{net} <= {data};" for net, data, _ in registers]
    cleared = [f"{net} <= 1'b{value};" for net, _, value in registers]
    load = taken if enable == "1'b1" else [f"if ({enable}) begin", *taken, "end"]
    if reset == "1'b0":
        return [f"always @({edge(clock)}) begin", *load, "end"]
    body = [f"if ({reset}) begin", *cleared, "end else begin", *load, "end"]
    if reset_needs_enable and enable != "1'b1":
        body = [f"if ({enable}) begin", *body, "end"]
    also = f" or {edge(reset)}" if at_once else ""
    return [f"always @({edge(clock)}{also}) begin", *body, "end"]


def _literal(value):
    """Return a parameter as Verilog: Yosys writes numbers as binary digits, texts as they are."""
    if set(value) <= set("01x") and value:
        return f"{len(value)}'b{value}"
    return '"' + value.strip() + '"'


def _escape(name):
    return name if name.isidentifier() else f"\\{name} "
