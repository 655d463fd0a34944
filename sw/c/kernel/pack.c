/* Packs n octets of 0 and 1 into words. The last word is filled up with zeros. */
static void pack(const uint8_t *x, size_t n, word *packed)
{
    size_t i = 0;
#if WORD_BITS == 64 && defined(__AVX512BW__)
    for (; i + 64 <= n; i += 64) {
        const __m512i octets = _mm512_loadu_si512((const void *)(x + i));
        packed[i / 64] = (word)_mm512_test_epi8_mask(octets, octets);
    }
#elif WORD_BITS == 64 && defined(__SSE2__)
    for (; i + 64 <= n; i += 64) {
        word bits = 0;
        for (size_t part = 0; part < 4; part++) {
            const __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(x + i + 16 * part));
            const unsigned mask = (unsigned)_mm_movemask_epi8(_mm_slli_epi16(octets, 7));
            bits |= (word)mask << (16 * part);
        }
        packed[i / 64] = bits;
    }
#elif defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* The product moves the lowest bit of each octet to its place in the highest octet. */
    for (; i + WORD_BITS <= n; i += WORD_BITS) {
        word bits = 0;
        for (size_t part = 0; part < WORD_BITS; part += WORD_BITS / 8) {
            word octets;
            memcpy(&octets, x + i + part, sizeof octets);
#if WORD_BITS == 64
            bits |= (octets * 0x0102040810204080u) >> 56 << part;
#else
            bits |= (octets * 0x10204080u) >> 28 << part;
#endif
        }
        packed[i / WORD_BITS] = bits;
    }
#endif
    for (; i < n; i += WORD_BITS) {
        word bits = 0;
        for (size_t j = 0; j < WORD_BITS && i + j < n; j++) {
            bits |= (word)x[i + j] << j;
        }
        packed[i / WORD_BITS] = bits;
    }
}
