/* OR of the bits of each square, by channel; AND where all_of is 1. */
static void pool(const uint8_t *x, size_t rows, size_t columns, size_t width, size_t channels,
                 size_t size, const uint8_t *all_of, uint8_t *y)
{
    for (size_t at = 0; at < rows * columns; at++, y += channels) {
        const uint8_t *corner = x + (at / columns * width + at % columns) * size * channels;
        memset(y, 0, channels);
        for (size_t row = 0; row < size; row++, corner += width * channels) {
            for (size_t column = 0; column < size; column++) {
                for (size_t c = 0; c < channels; c++) {
                    y[c] |= corner[column * channels + c] ^ all_of[c];
                }
            }
        }
        for (size_t c = 0; c < channels; c++) {
            y[c] ^= all_of[c];
        }
    }
}
