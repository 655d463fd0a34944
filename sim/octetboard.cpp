// A board whose octets are words on stdin and bytes on stdout; see sim/octetboard.py.
//
// Command: cycles at most, number of octets, and the octets: value in bits 0 to 7, bit 8 for a
// wrong stop bit, and from bit 16 the cycles of rest before it. Answer: cycles that passed, number
// of octets (bit 31: nothing moves any more), and the octets. All numbers are 32 bits.

#include "Vtop.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

static const unsigned SETTLE = 64;  // cycles without a move after which none will follow

int main() {
    static char in_buffer[1 << 16], out_buffer[1 << 16];
    setvbuf(stdin, in_buffer, _IOFBF, sizeof in_buffer);
    setvbuf(stdout, out_buffer, _IOFBF, sizeof out_buffer);
    Vtop *top = new Vtop;
    auto cycle = [&] {
        top->clk = 0;
        top->eval();
        top->clk = 1;
        top->eval();
    };
    top->i___05Fvalid = 0;
    top->o___05Fready = 0;
    top->rst = 1;
    for (int count = 0; count < 4; ++count) cycle();
    top->rst = 0;

    std::vector<uint32_t> queue;
    size_t next = 0;
    uint32_t rest = 0;              // cycles before queue[next]
    uint32_t head[2];
    while (fread(head, 4, 2, stdin) == 2) {
        queue.erase(queue.begin(), queue.begin() + next);
        next = 0;
        bool waiting = !queue.empty();
        size_t old = queue.size();
        queue.resize(old + head[1]);
        if (head[1] && fread(&queue[old], 4, head[1], stdin) != head[1]) return 1;
        if (!waiting && !queue.empty()) rest = queue[0] >> 16;

        std::vector<unsigned char> octets;
        uint32_t cycles = 0;
        unsigned quiet = 0;
        for (; cycles < head[0] && quiet < SETTLE; ++cycles) {
            bool offer = next < queue.size() && !rest;
            top->i___05Fvalid = offer;
            if (offer) top->i___05Fpayload = queue[next] & 0x1ff;
            top->o___05Fready = 1;
            top->clk = 0;
            top->eval();
            bool taken = offer && top->i___05Fready;
            bool came = top->o___05Fvalid;
            if (came) octets.push_back(top->o___05Fpayload);
            bool busy = top->busy;
            top->clk = 1;
            top->eval();
            if (next < queue.size() && rest) --rest;
            if (taken && ++next < queue.size()) rest = queue[next] >> 16;
            quiet = next < queue.size() || came || busy ? 0 : quiet + 1;
        }
        top->i___05Fvalid = 0;
        uint32_t answer[2] = {cycles, (uint32_t)octets.size() | (quiet >= SETTLE ? 1u << 31 : 0)};
        fwrite(answer, 4, 2, stdout);
        fwrite(octets.data(), 1, octets.size(), stdout);
        fflush(stdout);
    }
    return 0;
}
