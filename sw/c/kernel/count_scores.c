/* Turns counts in lanes into scores: a count has `bits` lanes, lowest first, and `bits` divides 64.
 * A score is twice the count, plus a constant. */
static void count_scores(const lane *counts, unsigned bits, const int32_t *constant, size_t classes,
                         size_t images, int32_t *scores)
{
    const size_t together = 64 / bits;
    const uint64_t mask = (UINT64_C(1) << bits) - 1;
    for (size_t first = 0; first < classes; first += together) {
        const size_t here = classes - first < together ? classes - first : together;
        square block;
        memset(&block, 0, sizeof block);
        memcpy(block.rows, counts + first * bits, here * bits * sizeof(lane));
        transpose(block.rows);
        for (size_t i = 0; i < images; i++) {
            uint64_t fields = block.cells[i % 64 * LANE_WORDS + i / 64];
            for (size_t c = 0; c < here; c++, fields >>= bits) {
                scores[i * classes + first + c] =
                    2 * (int32_t)(fields & mask) + constant[first + c];
            }
        }
    }
}
