/* Mean value of each square, by channel, rounded to the nearest, half away from zero. */
static void average_pool(const map *sizes, const int8_t *x, int8_t *y)
{
    const int32_t channels = sizes->channels, count = sizes->rows * sizes->columns;
    for (int32_t at = 0; at < sizes->made_height * sizes->made_width; at++) {
        const int32_t top = at / sizes->made_width * sizes->stride_y;
        const int32_t left = at % sizes->made_width * sizes->stride_x;
        for (int32_t c = 0; c < channels; c++) {
            int32_t sum = 0;
            for (int32_t i = 0; i < count; i++) {
                const int32_t row = top + i / sizes->columns, column = left + i % sizes->columns;
                sum += x[(row * sizes->width + column) * channels + c];
            }
            sum = sum > 0 ? sum + count / 2 : sum - count / 2;
            y[at * channels + c] = (int8_t)(sum / count);
        }
    }
}
