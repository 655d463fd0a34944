// The virtual board's main: a compiled design on one side, a pseudo-terminal on the other, and in
// between the serial line bit by bit, as the design's own divisor has it.
//
// Arguments: file descriptor of the pseudo-terminal, cycles of a bit.

#include "Vtop.h"

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static const int BUSY = 7;          // LED that says that a request is being answered
static const int SETTLE = 24;       // bits of silence before the clock may stop
static const int CYCLES = 512;      // between two looks at the terminal

static int terminal;
static int divisor;
static Vtop *top;

// Host to board: octets read ahead, and the one on the line as its bits, stop bit highest.
static unsigned char ahead[256];
static int ahead_at = 0, ahead_end = 0;
static unsigned line = 1;
static int line_timer = 0;

// Board to host: octets not yet written, and the one on the line.
static unsigned char ready[4096];
static int ready_end = 0;
static int sample_timer = -1;       // cycles to the next sample; -1: waiting for a start bit
static int sampled = 0;
static unsigned octet = 0;

static long quiet = 0;              // cycles since something moved

static void fetch() {
    if (ahead_at < ahead_end) return;
    ssize_t got = read(terminal, ahead, sizeof ahead);
    if (got == 0) exit(0);          // the terminal is gone
    ahead_at = 0;
    ahead_end = got > 0 ? got : 0;
}

static void deliver() {
    for (int sent = 0; sent < ready_end;) {
        ssize_t done = write(terminal, ready + sent, ready_end - sent);
        if (done > 0) {
            sent += done;
            continue;
        }
        // Nobody reads: wait a moment, then lose the rest, as a cable would.
        struct pollfd wait = {terminal, POLLOUT, 0};
        if (poll(&wait, 1, 1000) <= 0) break;
    }
    ready_end = 0;
}

static inline void drive_rx() {
    if (line_timer) {
        --line_timer;
        return;
    }
    if (line > 1) {                 // the next bit
        line >>= 1;
    } else if (ahead_at < ahead_end) {
        line = (0x200 | ahead[ahead_at++] << 1);
    } else {
        return;
    }
    top->rx = line & 1;
    line_timer = divisor - 1;
    quiet = 0;
}

static inline void watch_tx() {
    if (sample_timer < 0) {
        if (top->tx) return;
        sample_timer = divisor / 2;
        sampled = 0;
    } else if (--sample_timer == 0) {
        quiet = 0;
        if (sampled == 0 && top->tx) {           // a glitch
            sample_timer = -1;
        } else if (sampled < 9) {
            octet = octet >> 1 | (top->tx ? 0x80 : 0);
            ++sampled;
            sample_timer = divisor;
        } else {
            if (ready_end < (int)sizeof ready) ready[ready_end++] = octet;
            sample_timer = -1;
        }
    }
}

static inline void cycle() {
    top->clk = 0;
    top->eval();
    top->clk = 1;
    top->eval();
}

int main(int, char **argv) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    terminal = atoi(argv[1]);
    divisor = atoi(argv[2]);
    fcntl(terminal, F_SETFL, fcntl(terminal, F_GETFL) | O_NONBLOCK);

    top = new Vtop;
    top->rx = 1;
    top->rst = 1;
    for (int count = 0; count < 4; ++count) cycle();
    top->rst = 0;

    for (;;) {
        fetch();
        for (int count = 0; count < CYCLES; ++count) {
            drive_rx();
            cycle();
            watch_tx();
        }
        if (ready_end) deliver();
        quiet += CYCLES;
        if (top->leds >> BUSY & 1) quiet = 0;
        if (quiet > (long)SETTLE * divisor && ahead_at == ahead_end && sample_timer < 0) {
            struct pollfd wait = {terminal, POLLIN, 0};
            if (poll(&wait, 1, -1) > 0 && wait.revents & (POLLERR | POLLNVAL)) exit(0);
        }
    }
}
