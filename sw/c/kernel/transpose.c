/* Exchanges bit b of row r with bit r of row b, in each word of the rows. */
static void transpose(lane *rows)
{
    uint64_t mask = 0x00000000ffffffffu;
    for (uint64_t j = 32; j > 0; j >>= 1, mask ^= mask << j) {
        for (uint64_t k = 0; k < 64; k = (k + j + 1) & ~j) {
            const lane moved = ((rows[k] >> j) ^ rows[k + j]) & mask;
            rows[k] ^= moved << j;
            rows[k + j] ^= moved;
        }
    }
}
