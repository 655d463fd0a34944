/* A lane holds one bit of many images. */
#if defined(__GNUC__) && defined(__AVX512F__)
typedef uint64_t lane __attribute__((vector_size(64)));
/* Function of three bits: t is its table, with row a + 2b + 4c. */
#define TERNARY(t, a, b, c) \
    ((lane)_mm512_ternarylogic_epi64((__m512i)(c), (__m512i)(b), (__m512i)(a), (t)))
#else
#if defined(__GNUC__) && defined(__AVX2__)
typedef uint64_t lane __attribute__((vector_size(32)));
#elif defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON))
typedef uint64_t lane __attribute__((vector_size(16)));
#else
typedef uint64_t lane;
#endif
/* Compilers reduce these to a few operations, because t is constant. */
#define ROW(t, r) ((lane){0} - (((t) >> (r)) & 1u))
#define PAIR(t, r, a) (ROW(t, r) ^ ((ROW(t, r) ^ ROW(t, r + 1)) & (a)))
#define CHOICE(low, high, b) ((low) ^ (((low) ^ (high)) & (b)))
#define TERNARY(t, a, b, c) \
    CHOICE(CHOICE(PAIR(t, 0, a), PAIR(t, 2, a), b), CHOICE(PAIR(t, 4, a), PAIR(t, 6, a), b), c)
#endif

#define LANE_WORDS (sizeof(lane) / sizeof(uint64_t))
#define LANE_IMAGES (64 * LANE_WORDS)

/* 64 lanes, or their words: word j of lane r holds 64 bits. */
typedef union {
    lane rows[64];
    uint64_t cells[64 * LANE_WORDS];
} square;
