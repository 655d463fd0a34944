/* Greatest value of each square, by channel. */
static void max_pool(const map *sizes, const int8_t *x, int8_t *y)
{
#ifdef USE_CMSIS_NN
    const cmsis_nn_pool_params params = {{sizes->stride_x, sizes->stride_y},
                                         {sizes->padding_x, sizes->padding_y}, {-128, 127}};
    const cmsis_nn_dims from = {1, sizes->height, sizes->width, sizes->channels};
    const cmsis_nn_dims filter = {1, sizes->rows, sizes->columns, 1};
    const cmsis_nn_dims to = {1, sizes->made_height, sizes->made_width, sizes->channels};
    const cmsis_nn_context context = {NULL, 0};
    if (arm_max_pool_s8(&context, &params, &from, x, &filter, &to, y) == ARM_CMSIS_NN_SUCCESS) {
        return;
    }
#endif
    const int32_t channels = sizes->channels;
    for (int32_t at = 0; at < sizes->made_height * sizes->made_width; at++, y += channels) {
        const int32_t top = at / sizes->made_width * sizes->stride_y - sizes->padding_y;
        const int32_t left = at % sizes->made_width * sizes->stride_x - sizes->padding_x;
        memset(y, -128, (size_t)channels);
        for (int32_t row = top < 0 ? 0 : top;
             row < top + sizes->rows && row < sizes->height; row++) {
            for (int32_t column = left < 0 ? 0 : left;
                 column < left + sizes->columns && column < sizes->width; column++) {
                const int8_t *const from_x = x + (row * sizes->width + column) * channels;
                for (int32_t c = 0; c < channels; c++) {
                    y[c] = from_x[c] > y[c] ? from_x[c] : y[c];
                }
            }
        }
    }
}
