/* Factors of a sum of two layers' values. */
typedef struct {
    int32_t offset_1, multiplier_1, shift_1, offset_2, multiplier_2, shift_2;
    int32_t left_shift, output_offset, multiplier, shift, low, high;
} addition;

/* Sum of two layers' values. */
static void add(const addition *sum, const int8_t *first, const int8_t *second, int32_t count,
                int8_t *y)
{
#ifdef USE_CMSIS_NN
    if (arm_elementwise_add_s8(first, second, sum->offset_1, sum->multiplier_1, sum->shift_1,
                               sum->offset_2, sum->multiplier_2, sum->shift_2, sum->left_shift, y,
                               sum->output_offset, sum->multiplier, sum->shift, sum->low,
                               sum->high, count) == ARM_CMSIS_NN_SUCCESS) {
        return;
    }
#endif
    const int32_t scale = (int32_t)1 << sum->left_shift;
    for (int32_t i = 0; i < count; i++) {
        const int32_t one = requantize((first[i] + sum->offset_1) * scale, sum->multiplier_1,
                                       sum->shift_1);
        const int32_t two = requantize((second[i] + sum->offset_2) * scale, sum->multiplier_2,
                                       sum->shift_2);
        y[i] = bounded(requantize(one + two, sum->multiplier, sum->shift) + sum->output_offset,
                       sum->low, sum->high);
    }
}
