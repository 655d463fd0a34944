// A board whose octets are words of an array; see sim/board/octetboard.py, which loads this library.
//
// An octet for the board is its value in bits 0 to 7, bit 8 for a wrong stop bit, and from bit 16
// on the cycles of rest before it.

#include "Vtop.h"  // where a port i__valid is i___05Fvalid

#include <cstdint>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

static const unsigned SETTLE = 64;  // cycles without a move after which none will follow

struct Board {
    VerilatedContext context;
    Vtop top{&context};
    std::vector<uint32_t> queue;    // octets that the board has not taken
    size_t next = 0;
    uint32_t rest = 0;              // cycles before queue[next]
};

EXPORT void *board_new() {
    Board *board = new Board;
    Vtop &top = board->top;
    top.o___05Fready = 1;
    top.rst = 1;
    for (int count = 0; count < 4; ++count) {
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
    }
    top.rst = 0;
    return board;
}

EXPORT void board_delete(void *handle) { delete (Board *)handle; }

// Takes octets for the board and runs it until nothing moves any more, for `limit` cycles at most,
// or until `room` octets came from it. Returns the cycles; sets how many octets came, and whether
// nothing moves.
EXPORT uint32_t board_run(void *handle, uint32_t limit, const uint32_t *octets, uint32_t count,
                          unsigned char *answer, uint32_t room, uint32_t *answered,
                          uint32_t *still) {
    Board &board = *(Board *)handle;
    Vtop &top = board.top;
    auto &queue = board.queue;
    bool waiting = board.next < queue.size();
    queue.erase(queue.begin(), queue.begin() + board.next);
    board.next = 0;
    queue.insert(queue.end(), octets, octets + count);
    if (!waiting && !queue.empty()) board.rest = queue[0] >> 16;

    uint32_t cycles = 0, came = 0;
    unsigned quiet = 0;
    for (; cycles < limit && quiet < SETTLE && came < room; ++cycles) {
        bool offer = board.next < queue.size() && !board.rest;
        top.i___05Fvalid = offer;
        if (offer) top.i___05Fpayload = queue[board.next] & 0x1ff;
        top.clk = 0;
        top.eval();
        bool taken = offer && top.i___05Fready;
        bool valid = top.o___05Fvalid;
        if (valid) answer[came++] = top.o___05Fpayload;
        bool busy = top.busy;
        top.clk = 1;
        top.eval();
        if (board.rest) --board.rest;
        if (taken && ++board.next < queue.size()) board.rest = queue[board.next] >> 16;
        quiet = board.next < queue.size() || valid || busy ? 0 : quiet + 1;
    }
    *answered = came;
    *still = quiet >= SETTLE;
    return cycles;
}
