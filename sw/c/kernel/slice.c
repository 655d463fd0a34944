/* Turns packed bits, some words an image, into lanes. x has room for 64 lanes a word. */
static void slice(const uint64_t *packed, size_t words, lane *x)
{
    for (size_t w = 0; w < words; w++) {
        square block;
        for (size_t j = 0; j < LANE_WORDS; j++) {
            for (size_t r = 0; r < 64; r++) {
                block.cells[r * LANE_WORDS + j] = packed[(64 * j + r) * words + w];
            }
        }
        transpose(block.rows);
        memcpy(x + 64 * w, block.rows, sizeof block.rows);
    }
}
