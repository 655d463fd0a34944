/* Turns lanes into packed bits, some words an image: the reverse of slice. */
static void unslice(const lane *x, size_t words, uint64_t *packed)
{
    for (size_t w = 0; w < words; w++) {
        square block;
        memcpy(block.rows, x + 64 * w, sizeof block.rows);
        transpose(block.rows);
        for (size_t j = 0; j < LANE_WORDS; j++) {
            for (size_t r = 0; r < 64; r++) {
                packed[(64 * j + r) * words + w] = block.cells[r * LANE_WORDS + j];
            }
        }
    }
}

/* Turns packed bits into octets of 0 and 1: the reverse of pack. */
static void unpack(const uint64_t *packed, size_t n, uint8_t *x)
{
    size_t i = 0;
#if defined(__AVX512BW__)
    for (; i + 64 <= n; i += 64) {
        _mm512_storeu_si512((void *)(x + i), _mm512_maskz_set1_epi8(packed[i / 64], 1));
    }
#elif defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* Octet k keeps bit k of eight bits, and a carry takes it to the octet's highest bit. */
    for (; i + 8 <= n; i += 8) {
        const uint64_t bits = (packed[i / 64] >> (i % 64)) & 255u;
        const uint64_t kept = (bits * 0x0101010101010101u) & 0x8040201008040201u;
        const uint64_t octets = ((kept + 0x00406070787c7e7fu) >> 7) & 0x0101010101010101u;
        memcpy(x + i, &octets, sizeof octets);
    }
#endif
    for (; i < n; i++) {
        x[i] = (uint8_t)((packed[i / 64] >> (i % 64)) & 1u);
    }
}
