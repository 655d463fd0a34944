/* e to the power of x. Each operation of float is a statement, so that compilers of C99 round it;
 * the golden model has the same order. */
static float exponential(float x)
{
    static const float coefficients[] = {@COEFFICIENTS@};
    x = x < -@REACH@ ? -@REACH@ : x > @REACH@ ? @REACH@ : x;
    float scaled = x * @LOG2E@;
    scaled = scaled + 0.5f;
    int32_t n = (int32_t)scaled;
    n -= (float)n > scaled ? 1 : 0;
    const float count = (float)n;
    const float high = count * @LN2_HIGH@;
    const float low = count * @LN2_LOW@;
    x = x - high;
    x = x - low;
    float made = coefficients[0];
    for (size_t i = 1; i < sizeof coefficients / sizeof coefficients[0]; i++) {
        made = made * x;
        made = made + coefficients[i];
    }
    union {
        uint32_t bits;
        float value;
    } power = {(uint32_t)(n + 127) << 23};
    return made * power.value;
}
