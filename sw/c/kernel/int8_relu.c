/* Values below the zero point become the zero point. */
static void clamp_below(const int8_t *x, size_t count, int8_t zero, int8_t *y)
{
    for (size_t i = 0; i < count; i++) {
        y[i] = x[i] < zero ? zero : x[i];
    }
}
