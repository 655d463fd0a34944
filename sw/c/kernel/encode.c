/* Thermometer code of pixels: bit l of a pixel is 1 where the pixel is at least threshold l.
 * The thresholds of pixel i begin at thresholds[i * step]. */
static void encode(const pixel *x, size_t inputs, const level *thresholds, size_t levels,
                   size_t step, uint8_t *y)
{
    for (size_t i = 0; i < inputs; i++) {
        for (size_t l = 0; l < levels; l++) {
            y[i * levels + l] = (uint8_t)(x[i] >= thresholds[i * step + l]);
        }
    }
}
