#ifdef __ARM_FEATURE_DSP
#include <arm_acle.h>

/* Four values at a time are read as 0, 2 and 1, 3, as SXTB16 takes weights apart. */
static void arrange(int16_t *x, size_t count)
{
    for (size_t i = 0; i + 4 <= count; i += 4) {
        const int16_t kept = x[i + 1];
        x[i + 1] = x[i + 2];
        x[i + 2] = kept;
    }
}

/* Sum of products of an arranged window: two products an instruction, as Cortex-M4 has it. */
static int32_t dot(const int16_t *x, const int8_t *w, size_t count)
{
    int32_t sum = 0;
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        int16x2_t even, odd;
        uint32_t four;
        memcpy(&four, w + i, sizeof four);
        memcpy(&even, x + i, sizeof even);
        memcpy(&odd, x + i + 2, sizeof odd);
        sum = __smlad(even, __sxtb16((int8x4_t)four), sum);
        sum = __smlad(odd, __sxtb16((int8x4_t)(four >> 8)), sum);
    }
    for (; i < count; i++) {
        sum += (int32_t)x[i] * w[i];
    }
    return sum;
}
#else
static void arrange(int16_t *x, size_t count)
{
    (void)x;
    (void)count;
}

/* Sum of products. */
static int32_t dot(const int16_t *x, const int8_t *w, size_t count)
{
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (int32_t)x[i] * w[i];
    }
    return sum;
}
#endif

/* Factors of a layer's neurons. */
typedef struct {
    const int32_t *bias, *multiplier, *shift;
    int32_t input_offset, output_offset, low, high;
} neurons;

/* Neurons of the window x, from which the zero point is subtracted; its order is lost. */
static void fire_int8(const neurons *layer, const int8_t *w, int16_t *x, size_t inputs,
                      size_t count, int8_t *y)
{
    arrange(x, inputs);
    for (size_t n = 0; n < count; n++, w += inputs) {
        const int32_t sum = dot(x, w, inputs) + layer->bias[n];
        y[n] = bounded(requantize(sum, layer->multiplier[n], layer->shift[n])
                       + layer->output_offset, layer->low, layer->high);
    }
}
