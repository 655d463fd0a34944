/* OR of the bits of each square, by channel; AND where all_of is 1. */
static void pool_lanes(const lane *x, size_t rows, size_t columns, size_t width, size_t channels,
                       size_t size, const uint8_t *all_of, lane *y)
{
    for (size_t at = 0; at < rows * columns; at++, y += channels) {
        const lane *const corner = x + (at / columns * width + at % columns) * size * channels;
        for (size_t c = 0; c < channels; c++) {
            const lane flip = (lane){0} - (uint64_t)all_of[c];
            lane any = {0};
            for (size_t row = 0; row < size; row++) {
                for (size_t column = 0; column < size; column++) {
                    any |= corner[(row * width + column) * channels + c] ^ flip;
                }
            }
            y[c] = any ^ flip;
        }
    }
}
