/* Sum of products. */
static int32_t dot(const int16_t *x, const int8_t *w, size_t count)
{
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (int32_t)x[i] * w[i];
    }
    return sum;
}

/* Factors of a layer's neurons. */
typedef struct {
    const int32_t *bias, *multiplier, *shift;
    int32_t input_offset, output_offset, low, high;
} neurons;

/* Neurons of the window x, from which the zero point is subtracted. */
static void fire_int8(const neurons *layer, const int8_t *w, const int16_t *x, size_t inputs,
                      size_t count, int8_t *y)
{
    for (size_t n = 0; n < count; n++, w += inputs) {
        const int32_t sum = dot(x, w, inputs) + layer->bias[n];
        y[n] = bounded(requantize(sum, layer->multiplier[n], layer->shift[n])
                       + layer->output_offset, layer->low, layer->high);
    }
}
