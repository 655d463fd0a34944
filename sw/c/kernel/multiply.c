/* Neurons of integers: neuron n fires where the sum of its weighted pixels is at least least[n].
 * w holds the weights of SIDE neurons for pixel 0, then for pixel 1, and so on.
 * Outputs are written by whole groups of SIDE: y has room for them. */
#define SIDE (GROUP == 1 ? 1 : 32)
#if PIXEL_BITS <= 8
typedef int16_t part; /* holds the sum of 128 pixels */
#else
typedef int32_t part;
#endif
static void multiply(const pixel *x, size_t inputs, const int8_t *w, const limit *least,
                     size_t neurons, uint8_t *y)
{
    for (size_t n = 0; n < neurons; n += SIDE) {
        int32_t sum[SIDE] = {0};
        for (size_t i = 0; i < inputs;) {
            part some[SIDE] = {0};
            for (const size_t end = inputs - i > 128 ? i + 128 : inputs; i < end; i++, w += SIDE) {
                const part factor = (part)x[i];
                for (size_t j = 0; j < SIDE; j++) {
                    some[j] = (part)(some[j] + w[j] * factor);
                }
            }
            for (size_t j = 0; j < SIDE; j++) {
                sum[j] += some[j];
            }
        }
        for (size_t j = 0; j < SIDE; j++) {
            y[n + j] = (uint8_t)(sum[j] >= least[n + j]);
        }
    }
}
