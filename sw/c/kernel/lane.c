/* A lane holds one bit of many images. */
#if defined(__GNUC__) && defined(__AVX512F__)
typedef uint64_t lane __attribute__((vector_size(64)));
#elif defined(__GNUC__) && defined(__AVX2__)
typedef uint64_t lane __attribute__((vector_size(32)));
#elif defined(__GNUC__) && (defined(__SSE2__) || defined(__ARM_NEON))
typedef uint64_t lane __attribute__((vector_size(16)));
#else
typedef uint64_t lane;
#endif

#define LANE_WORDS (sizeof(lane) / sizeof(uint64_t))
#define LANE_IMAGES (64 * LANE_WORDS)

/* 64 lanes, or their words: word j of lane r holds 64 bits. */
typedef union {
    lane rows[64];
    uint64_t cells[64 * LANE_WORDS];
} square;
