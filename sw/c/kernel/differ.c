/* Counts, for each neuron of a group, the synapses that disagree with their inputs.
 *
 * w holds the weights as bits, word 0 of every neuron of the group first. With masks each word of
 * weights is followed by the word that has a 1 for each synapse. */
#if GROUP == 8 && defined(__AVX512VPOPCNTDQ__)

static inline void differ(const word *x, size_t words, const word *w, int masked, uint32_t *count)
{
    __m512i sum = _mm512_setzero_si512();
    if (masked) {
        for (size_t i = 0; i < words; i++, w += 16) {
            const __m512i weights = _mm512_loadu_si512((const void *)w);
            const __m512i mask = _mm512_loadu_si512((const void *)(w + 8));
            const __m512i other = _mm512_xor_si512(weights, _mm512_set1_epi64((long long)x[i]));
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_and_si512(other, mask)));
        }
    } else {
        for (size_t i = 0; i < words; i++, w += 8) {
            const __m512i weights = _mm512_loadu_si512((const void *)w);
            const __m512i other = _mm512_xor_si512(weights, _mm512_set1_epi64((long long)x[i]));
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(other));
        }
    }
    _mm256_storeu_si256((__m256i *)(void *)count, _mm512_cvtepi64_epi32(sum));
}

#elif GROUP == 8 && defined(__AVX2__)

/* Adds to each octet of total the number of its bits, by a table of the bits of a nibble. */
static inline __m256i add_bits(__m256i total, __m256i bits)
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                                           0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(bits, nibble);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble);
    total = _mm256_add_epi8(total, _mm256_shuffle_epi8(table, low));
    return _mm256_add_epi8(total, _mm256_shuffle_epi8(table, high));
}

static inline void differ(const word *x, size_t words, const word *w, int masked, uint32_t *count)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum[2] = {zero, zero};
    for (size_t i = 0; i < words;) {
        __m256i octets[2] = {zero, zero};
        /* An octet holds the counts of 31 words. */
        for (const size_t end = words - i > 31 ? i + 31 : words; i < end; i++) {
            const __m256i input = _mm256_set1_epi64x((long long)x[i]);
            for (size_t half = 0; half < 2; half++) {
                const __m256i *at = (const __m256i *)(const void *)(w + 4 * half);
                __m256i other = _mm256_xor_si256(_mm256_loadu_si256(at), input);
                if (masked) {
                    other = _mm256_and_si256(other, _mm256_loadu_si256(at + 2));
                }
                octets[half] = add_bits(octets[half], other);
            }
            w += masked ? 16 : 8;
        }
        for (size_t half = 0; half < 2; half++) {
            sum[half] = _mm256_add_epi64(sum[half], _mm256_sad_epu8(octets[half], zero));
        }
    }
    uint64_t wide[8];
    _mm256_storeu_si256((__m256i *)(void *)wide, sum[0]);
    _mm256_storeu_si256((__m256i *)(void *)(wide + 4), sum[1]);
    for (size_t j = 0; j < 8; j++) {
        count[j] = (uint32_t)wide[j];
    }
}

#elif GROUP == 8 && defined(__aarch64__) && defined(__ARM_NEON)

static inline void differ(const word *x, size_t words, const word *w, int masked, uint32_t *count)
{
    uint64x2_t sum[4];
    for (size_t pair = 0; pair < 4; pair++) {
        sum[pair] = vdupq_n_u64(0);
    }
    for (size_t i = 0; i < words;) {
        uint8x16_t octets[4];
        for (size_t pair = 0; pair < 4; pair++) {
            octets[pair] = vdupq_n_u8(0);
        }
        /* An octet holds the counts of 31 words. */
        for (const size_t end = words - i > 31 ? i + 31 : words; i < end; i++) {
            const uint64x2_t input = vdupq_n_u64(x[i]);
            for (size_t pair = 0; pair < 4; pair++) {
                uint64x2_t other = veorq_u64(vld1q_u64(w + 2 * pair), input);
                if (masked) {
                    other = vandq_u64(other, vld1q_u64(w + 8 + 2 * pair));
                }
                octets[pair] = vaddq_u8(octets[pair], vcntq_u8(vreinterpretq_u8_u64(other)));
            }
            w += masked ? 16 : 8;
        }
        for (size_t pair = 0; pair < 4; pair++) {
            sum[pair] = vpadalq_u32(sum[pair], vpaddlq_u16(vpaddlq_u8(octets[pair])));
        }
    }
    for (size_t pair = 0; pair < 4; pair++) {
        count[2 * pair] = (uint32_t)vgetq_lane_u64(sum[pair], 0);
        count[2 * pair + 1] = (uint32_t)vgetq_lane_u64(sum[pair], 1);
    }
}

#else

static inline uint32_t popcount(word bits)
{
#if defined(__POPCNT__) && WORD_BITS == 64
    return (uint32_t)__builtin_popcountll(bits);
#elif WORD_BITS == 64
    bits -= (bits >> 1) & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + ((bits >> 2) & 0x3333333333333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return (uint32_t)((bits * 0x0101010101010101u) >> 56);
#else
    bits -= (bits >> 1) & 0x55555555u;
    bits = (bits & 0x33333333u) + ((bits >> 2) & 0x33333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0fu;
    return (bits * 0x01010101u) >> 24;
#endif
}

#define STEP (masked ? 2 * GROUP : GROUP)
#define OTHER(i) (masked ? (x[i] ^ w[(i) * STEP]) & w[(i) * STEP + GROUP] : x[i] ^ w[(i) * STEP])
/* Full adder of each bit: a becomes the sum of a, b and c. */
#define ADD(carry, a, b, c) \
    do { \
        const word b_ = (b), c_ = (c), t_ = (a) ^ b_; \
        (carry) = ((a) & b_) | (t_ & c_); \
        (a) = t_ ^ c_; \
    } while (0)

static inline uint32_t differ_one(const word *x, size_t words, const word *w, int masked)
{
    uint32_t count = 0;
    size_t i = 0;
#if !defined(__POPCNT__) && !defined(SWAR)
    /* Without an instruction that counts bits: adders over eight words, then one count of eights. */
    word ones = 0, twos = 0, fours = 0;
    uint32_t eights = 0;
    for (; i + 8 <= words; i += 8) {
        word two, other_two, four, other_four, eight;
        ADD(two, ones, OTHER(i), OTHER(i + 1));
        ADD(other_two, ones, OTHER(i + 2), OTHER(i + 3));
        ADD(four, twos, two, other_two);
        ADD(two, ones, OTHER(i + 4), OTHER(i + 5));
        ADD(other_two, ones, OTHER(i + 6), OTHER(i + 7));
        ADD(other_four, twos, two, other_two);
        ADD(eight, fours, four, other_four);
        eights += popcount(eight);
    }
    for (; i + 2 <= words; i += 2) {
        word two, four;
        ADD(two, ones, OTHER(i), OTHER(i + 1));
        four = twos & two;
        twos ^= two;
        eights += popcount(fours & four);
        fours ^= four;
    }
    count = 8 * eights + 4 * popcount(fours) + 2 * popcount(twos) + popcount(ones);
#endif
    for (; i < words; i++) {
        count += popcount(OTHER(i));
    }
    return count;
}

static inline void differ(const word *x, size_t words, const word *w, int masked, uint32_t *count)
{
    for (size_t j = 0; j < GROUP; j++) {
        count[j] = differ_one(x, words, w + j, masked);
    }
}

#endif
