/* A word holds WORD_BITS bits, first bit lowest. */
#if WORD_BITS == 64
typedef uint64_t word;
#else
typedef uint32_t word;
#endif
