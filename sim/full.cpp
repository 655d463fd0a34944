// Drives a complete accelerator: beats from a file into stream i, answers from stream o to a file.
//
// Arguments: BEATS ANSWERS IMAGES BEATS_PER_IMAGE PATIENCE SEED PAUSE. A beat and an answer take whole
// 32-bit words in the files, lowest first. SEED 0 is full speed, any other that of pseudo-random
// pauses on both streams, of up to PAUSE cycles, after a while of random
// input that a reset ends. Image 0 goes first, alone, for the latency. An answer is followed by two
// 64-bit numbers: the cycle in which the image's last beat was taken, and the one in which the
// answer was first offered. Lines "progress N" tell of the answers so far. Stops, with exit code
// 3, when nothing has moved for PATIENCE cycles.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Vtop.h"  // where a port i__valid is i___05Fvalid
#include "verilated.h"

static const uint64_t WARM_UP = 1000;  // cycles

static uint64_t state;
static uint32_t longest;

static uint32_t random_below(uint32_t limit) {  // xorshift64*
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return ((state * 0x2545F4914F6CDD1DULL) >> 33) % limit;
}

// A quarter of the pauses are long, and one in 64 long enough to fill or drain all there is.
static uint32_t pause_length() {
    if (!random_below(64)) return random_below(longest);
    return random_below(4) ? random_below(4) : random_below(80);
}

template <typename Port>
static size_t stride(const Port& port) { return (sizeof(port) + 3) / 4 * 4; }

int main(int argc, char** argv) {
    if (argc != 8) return 2;
    FILE* in = fopen(argv[1], "rb");
    FILE* out = fopen(argv[2], "wb");
    if (!in || !out) return 2;
    const uint64_t images = strtoull(argv[3], nullptr, 10);
    const uint64_t beats = strtoull(argv[4], nullptr, 10);
    const uint64_t patience = strtoull(argv[5], nullptr, 10);
    const uint64_t seed = strtoull(argv[6], nullptr, 10);
    longest = static_cast<uint32_t>(strtoul(argv[7], nullptr, 10));
    state = seed * 0x9E3779B97F4A7C15ULL;

    VerilatedContext context;
    context.randReset(2);  // what a netlist leaves open is random, and another one for each seed
    context.randSeed(static_cast<int>(seed) + 1);
    Vtop top{&context};
    std::vector<char> beat(stride(top.i___05Fpayload)), answer(stride(top.o___05Fpayload));
    auto fetch = [&] {
        if (fread(beat.data(), beat.size(), 1, in) != 1) exit(2);
        memcpy(&top.i___05Fpayload, beat.data(), sizeof(top.i___05Fpayload));
    };

    auto step = [&] {
        for (int edge = 0; edge < 2; ++edge) {
            top.clk = edge;
            top.eval();
        }
    };
    for (uint64_t count = 0; seed && count < WARM_UP; ++count) {
        if (!top.i___05Fvalid || top.i___05Fready) {
            for (char& octet : beat) octet = random_below(256);
            memcpy(&top.i___05Fpayload, beat.data(), sizeof(top.i___05Fpayload));
            top.i___05Fvalid = random_below(4) != 0;
        }
        top.o___05Fready = random_below(2);
        step();
    }

    top.i___05Fvalid = 0;
    top.o___05Fready = 0;
    top.rst = 1;
    step();
    step();
    top.rst = 0;

    std::vector<uint64_t> last_beats(images), offers(images);
    uint64_t sent = 0, received = 0, cycle = 0, moved = 0, seen = 0;
    uint32_t idle = 0, stall = 0;
    bool offering = false;
    for (; received < images && cycle - moved <= patience; ++cycle) {
        const uint64_t allowed = received ? images * beats : beats;  // image 0 goes alone
        if (!offering && sent < allowed && !idle) {
            fetch();
            offering = true;
        }
        top.i___05Fvalid = offering;
        top.o___05Fready = !stall;
        top.clk = 0;
        top.eval();

        const bool taken = offering && top.i___05Fready;
        const bool offered = top.o___05Fvalid, given = offered && !stall;
        if (offered && seen == received) offers[seen++] = cycle;
        if (given) {
            memcpy(answer.data(), &top.o___05Fpayload, sizeof(top.o___05Fpayload));
            fwrite(answer.data(), answer.size(), 1, out);
            fwrite(&last_beats[received], 8, 1, out);
            fwrite(&offers[received], 8, 1, out);
            if (++received % 256 == 0) {
                printf("progress %llu\n", (unsigned long long)received);
                fflush(stdout);
            }
        }
        top.clk = 1;
        top.eval();

        if (taken) {
            if (++sent % beats == 0) last_beats[sent / beats - 1] = cycle;
            offering = false;
        }
        if (taken || given) moved = cycle;
        if (seed) {
            idle = taken ? pause_length() : idle ? idle - 1 : 0;
            stall = given ? pause_length() : stall ? stall - 1 : 0;
        }
    }
    top.final();
    printf("cycles %llu\n", (unsigned long long)cycle);
    fclose(out);
    return received == images ? 0 : 3;
}
