// Runs the system, prints what its UART sends, ends after a line "done" or argv[1] cycles.

#include "Vtop.h"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int, char **argv) {
    Vtop top;
    const long limit = atol(argv[1]);
    const int divisor = atoi(argv[2]);
    std::string text;
    int timer = -1, bits = 0;
    unsigned octet = 0;
    top.serial_rx = 1;
    for (long cycle = 0; cycle < limit; ++cycle) {
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        if (timer < 0) {
            if (!top.serial_tx && cycle > 100) timer = divisor + divisor / 2, bits = 0, octet = 0;
        } else if (--timer == 0) {
            if (bits < 8) {
                octet |= top.serial_tx << bits++;
                timer = divisor;
            } else {
                timer = -1;
                putchar(octet);
                text += char(octet);
                if (octet == '\n') {
                    if (text == "done\n") {
                        printf("cycles %ld\n", cycle);
                        return 0;
                    }
                    text.clear();
                }
            }
        }
    }
    return 3;
}
