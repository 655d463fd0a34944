// Tables at packed inputs: 64 images a word.

#pragma once

#include "vector.h"

template <int K>
static void evaluate_words(const Word *const *inputs, const uint8_t *table, int words, Word *output) {
    Word ends[1 << K];
    for (int i = 0; i < 1 << K; i++) ends[i] = table[i] ? ~(Word)0 : 0;
    for (int w = 0; w < words; w++) {
        Word part[1 << K];
        memcpy(part, ends, sizeof part);
        for (int j = K - 1; j >= 0; j--)
            for (int i = 0; i < 1 << j; i++)
                part[i] ^= (part[i] ^ part[i + (1 << j)]) & inputs[j][w];
        output[w] = part[0];
    }
}

static void evaluate_table(int k, const Word *const *inputs, const uint8_t *table, int words,
                           Word *output) {
    switch (k) {
    case 1: return evaluate_words<1>(inputs, table, words, output);
    case 2: return evaluate_words<2>(inputs, table, words, output);
    case 3: return evaluate_words<3>(inputs, table, words, output);
    case 4: return evaluate_words<4>(inputs, table, words, output);
    case 5: return evaluate_words<5>(inputs, table, words, output);
    case 6: return evaluate_words<6>(inputs, table, words, output);
    }
}
