/* Pixels as integers around 0. */
static void center(const uint8_t *x, size_t count, int8_t *y)
{
    for (size_t i = 0; i < count; i++) {
        y[i] = (int8_t)((int)x[i] - 128);
    }
}
