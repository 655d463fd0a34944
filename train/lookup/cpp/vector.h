// Vectors of 16 floats, which compilers split where the processor has shorter ones.

#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

typedef uint64_t Word;
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));

static constexpr int LANES = 16;      // floats of a vector
static constexpr int MOST = 6;        // most inputs of a table

static inline Floats load(const float *from) { Floats x; memcpy(&x, from, sizeof x); return x; }
static inline void store(float *to, Floats x) { memcpy(to, &x, sizeof x); }
static inline Floats all(float x) { return Floats{} + x; }

static inline float total(Floats x) {
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += x[lane];
    return sum;
}

// Sums of neighbouring pairs, first those of a, then those of b.
static inline Floats pairs(Floats a, Floats b) {
#if defined(__clang__) || __GNUC__ >= 12
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
         + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#else
    const Ints even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1);
#endif
}

// The sums of 16 vectors, in order.
static inline Floats totals(const Floats *x) {
    Floats a[8], b[4];
    for (int i = 0; i < 8; i++) a[i] = pairs(x[2 * i], x[2 * i + 1]);
    for (int i = 0; i < 4; i++) b[i] = pairs(a[2 * i], a[2 * i + 1]);
    return pairs(pairs(b[0], b[1]), pairs(b[2], b[3]));
}

static inline void write_totals(const Floats *x, int count, float *to) {
    int done = 0;
    for (; done + LANES <= count; done += LANES) store(to + done, totals(x + done));
    for (; done < count; done++) to[done] = total(x[done]);
}

// The lanes of ``x`` whose bit is 1; 0 in the others.
static inline Floats only(Floats x, unsigned bits) {
#if defined(__AVX512F__)
    return (Floats)_mm512_maskz_mov_ps((__mmask16)bits, (__m512)x);
#else
    const Ints places = {1,   2,   4,    8,    16,   32,   64,    128,
                         256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    return (Floats)(((((Ints{} + (int)bits) & places) != 0)) & (Ints)x);
#endif
}

static inline void add_only(Floats &sum, Floats x, unsigned bits) {
#if defined(__AVX512F__)
    sum = (Floats)_mm512_mask_add_ps((__m512)sum, (__mmask16)bits, (__m512)sum, (__m512)x);
#else
    sum += only(x, bits);
#endif
}

// Bits of the images of vector ``part``, 0..3, of a word.
static inline unsigned lanes(Word word, int part) { return (word >> (LANES * part)) & 0xFFFF; }

// Natural logarithm of positive floats, error below 1e-7 of the greater of 1 and the result.
static inline Floats logarithm(Floats x) {
    Ints bits = (Ints)x;
    Ints exponent = (bits - 0x3F3504F3) >> 23;  // the rest is in sqrt(1/2)..sqrt(2)
    Floats y = (Floats)(bits - (exponent << 23)) - 1.0f;
    Floats p = all(7.0376836292e-2f);
    const float terms[] = {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                           -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f,
                           3.3333331174e-1f};  // S. Moshier, Cephes, logf
    for (float term : terms) p = p * y + term;
    return __builtin_convertvector(exponent, Floats) * 0.69314718056f + y + y * y * (p * y - 0.5f);
}

// Calls ``call(K)`` for the number of inputs of a table.
#define BY_INPUTS(k, call) \
    switch (k) { \
    case 1: call(1) break; \
    case 2: call(2) break; \
    case 3: call(3) break; \
    case 4: call(4) break; \
    case 5: call(5) break; \
    case 6: call(6) break; \
    }
