// Octets of the line into hw.serial.framing.Deframer; what comes out, an event a line.
//
// Arguments: LINE EVENTS. LINE holds 16-bit words: an octet, and 0x100 for an octet with an error.
// Events: "o XX" for an octet of a frame, "f G" for a flag, G whether the frame before is good.

#include <cstdio>

#include "Vtop.h"
#include "verilated.h"

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    FILE* in = fopen(argv[1], "rb");
    FILE* out = fopen(argv[2], "w");
    if (!in || !out) return 2;

    VerilatedContext context;
    Vtop top{&context};
    top.i___05Fvalid = 0;
    top.rst = 1;
    for (int edge = 0; edge < 4; ++edge) {
        top.clk = edge & 1;
        top.eval();
    }
    top.rst = 0;

    unsigned char word[2];
    while (fread(word, 2, 1, in) == 1) {
        top.i___05Fpayload = word[0] | word[1] << 8;
        top.i___05Fvalid = 1;
        for (int wait = 0;; ++wait) {
            top.clk = 0;
            top.eval();
            const bool taken = top.i___05Fready;
            if (top.valid) fprintf(out, "o %02x\n", top.octet);
            if (top.flag) fprintf(out, "f %d\n", top.good);
            top.clk = 1;
            top.eval();
            if (taken) break;
            if (wait == 100) return 3;  // wedged
        }
    }
    return fclose(out) ? 2 : 0;
}
