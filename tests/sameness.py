"""Gives two modules with the same ports the same random inputs and compares their outputs."""

import subprocess

from sim.model.verilator import compile_model


MAIN = """
#include "Vtop.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main(int, char **argv) {
    const long cycles = atol(argv[1]);
    const unsigned bits = atoi(argv[2]);
    uint64_t state = 0x9E3779B97F4A7C15ULL;
    Vtop top;
    for (long cycle = 0; cycle < cycles; ++cycle) {
        for (unsigned word = 0; word < (bits + 31) / 32; ++word) {
            state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
            top.inputs[word] = (state * 0x2545F4914F6CDD1DULL) >> 32;
        }
        if (bits % 32) top.inputs[bits / 32] &= (1u << bits % 32) - 1;
        for (int edge = 0; edge < 2; ++edge) {
            top.clk = edge;
            top.eval();
            if (top.differ) {
                printf("cycle %ld", cycle);
                return 1;
            }
        }
    }
    return 0;
}
"""


def first_difference(verilog, inputs, outputs, directory, *, cycles=20_000, options=()):
    """Run modules ``one`` and ``two`` side by side.

    Parameters
    ----------
    verilog : str
        Both, with ports ``clk``, ``inputs`` and ``outputs``.
    inputs, outputs : int
        Bits of these; at least 65, as smaller ports are no arrays in C++.
    directory : Path
        Where the model goes.
    cycles : int
        How long.
    options : sequence of str
        More options for Verilator.

    Returns
    -------
    str
        Where they differ first; ``""``.
    """
    top = f"""
module pair(input clk, input [{inputs - 1}:0] inputs, output differ);
    wire [{outputs - 1}:0] first, second;
    one one(.clk(clk), .inputs(inputs), .outputs(first));
    two two(.clk(clk), .inputs(inputs), .outputs(second));
    assign differ = first != second;
endmodule
"""
    # Contents of a memory are a statement each: to optimize them takes longer than to run them.
    model = compile_model(verilog + top, "pair", MAIN, directory, optimize="-O0", options=options)
    return subprocess.run([model, str(cycles), str(inputs)], capture_output=True, text=True,
                          check=False).stdout
