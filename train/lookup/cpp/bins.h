// Sums of differences by row of a table, for present and other wires.

#pragma once

#include <vector>

#include "vector.h"

// Row of a table at which the other inputs than ``j`` form the number ``p`` and input j is ``v``.
static inline int row_of(int p, int j, int v) {
    return (p & ((1 << j) - 1)) | (v << j) | ((p >> j) << (j + 1));
}

// Sums of the differences by row of the table, and by candidate.
template <int K>
struct Bins {
    int count;                    // candidates of a slot
    Floats sums[1 << K], squares[1 << K];
    std::vector<Floats> others;   // [slot][candidate][2**(K-1)]: where the candidate is 1

    explicit Bins(int count) : count(count), others((size_t)K * count << (K - 1)) { clear(); }

    void clear() {
        for (int i = 0; i < 1 << K; i++) sums[i] = squares[i] = all(0);
        for (Floats &sum : others) sum = all(0);
    }

    void add(const float *g, const Word *const *inputs, const Word *const *candidates, int words) {
        for (int w = 0; w < words; w++) {
            Word masks[1 << K];
            minterms<K>(inputs, -1, w, masks);
            for (int part = 0; part < 4; part++) {
                Floats x = load(g + w * 64 + part * LANES), square = x * x;
                for (int i = 0; i < 1 << K; i++) {
                    add_only(sums[i], x, lanes(masks[i], part));
                    add_only(squares[i], square, lanes(masks[i], part));
                }
            }
        }
        for (int j = 0; j < K; j++)
            for (int c = 0; c < count; c += 2) {
                int other = c + 1 < count ? c + 1 : c;
                add_candidates(g, inputs, j, candidates[j * count + c],
                               candidates[j * count + other], words, c, other);
            }
    }

    void add_candidates(const float *g, const Word *const *inputs, int j, const Word *first,
                        const Word *second, int words, int c, int other) {
        constexpr int HALF = 1 << (K - 1);
        Floats one[HALF], two[HALF];
        Floats *to = &others[(size_t)(j * count + c) * HALF];
        Floats *also = &others[(size_t)(j * count + other) * HALF];
        for (int i = 0; i < HALF; i++) { one[i] = to[i]; two[i] = also[i]; }
        for (int w = 0; w < words; w++) {
            Word masks[1 << K];
            minterms<K>(inputs, j, w, masks);
            for (int part = 0; part < 4; part++) {
                Floats x = load(g + w * 64 + part * LANES);
                unsigned a = lanes(first[w], part), b = lanes(second[w], part);
                for (int i = 0; i < HALF; i++) {
                    Floats here = only(x, lanes(masks[i], part));
                    add_only(one[i], here, a);
                    add_only(two[i], here, b);
                }
            }
        }
        for (int i = 0; i < HALF; i++) to[i] = one[i];
        if (other != c) for (int i = 0; i < HALF; i++) also[i] = two[i];
    }

    // Sums by row of the table with candidate ``c`` in place of input ``j``.
    void with_wire(int j, int c, const float *present, float *to) const {
        constexpr int HALF = 1 << (K - 1);
        float one[HALF];
        write_totals(&others[(size_t)(j * count + c) * HALF], HALF, one);
        for (int p = 0; p < HALF; p++) {
            to[row_of(p, j, 1)] = one[p];
            to[row_of(p, j, 0)] = present[row_of(p, j, 0)] + present[row_of(p, j, 1)] - one[p];
        }
    }

    // Masks of the images whose inputs, without number ``left`` (-1: all), form each number.
    template <int N>
    static void minterms(const Word *const *inputs, int left, int w, Word *masks) {
        int made = 1;
        masks[0] = ~(Word)0;
        for (int j = 0; j < N; j++) {
            if (j == left) continue;
            Word x = inputs[j][w];
            for (int i = 0; i < made; i++) {
                masks[i + made] = masks[i] & x;
                masks[i] &= ~x;
            }
            made *= 2;
        }
    }
};
