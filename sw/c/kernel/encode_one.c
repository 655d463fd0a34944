/* Bits of pixels: 1 where a pixel is at least the threshold. */
static void encode_one(const pixel *x, size_t inputs, uint32_t threshold, uint8_t *y)
{
    for (size_t i = 0; i < inputs; i++) {
        y[i] = (uint8_t)(x[i] >= threshold);
    }
}
