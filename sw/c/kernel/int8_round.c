/* Returns a sum times multiplier * 2**(shift - 31), rounded twice: as CMSIS-NN does unless
 * CMSIS_NN_USE_SINGLE_ROUNDING is defined. Compilers shift negative numbers arithmetically. */
static int32_t requantize(int32_t sum, int32_t multiplier, int32_t shift)
{
    const int32_t scaled = shift > 0 ? sum * ((int32_t)1 << shift) : sum;
    const int32_t high = (int32_t)(((int64_t)scaled * multiplier + ((int64_t)1 << 30)) >> 31);
    const int32_t right = shift > 0 ? 0 : -shift;
    const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1);
    const int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
    return (high >> right) + ((high & mask) > threshold ? 1 : 0);
}

static int8_t bounded(int32_t value, int32_t low, int32_t high)
{
    return (int8_t)(value < low ? low : value > high ? high : value);
}
