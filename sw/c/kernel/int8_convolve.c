/* A convolution: weights of a neuron row by row, channels of a position together. The memory holds
 * a window of int16_t; CMSIS-NN takes all of its size. */
static void convolve(const neurons *layer, const map *sizes, const int8_t *weights,
                     const int8_t *x, void *memory, int32_t size, int8_t *y)
{
#ifdef USE_CMSIS_NN
    const cmsis_nn_conv_params params = {
        layer->input_offset, layer->output_offset, {sizes->stride_x, sizes->stride_y},
        {sizes->padding_x, sizes->padding_y}, {sizes->dilation_x, sizes->dilation_y},
        {layer->low, layer->high}};
    const cmsis_nn_per_channel_quant_params quant = {(int32_t *)layer->multiplier,
                                                     (int32_t *)layer->shift};
    const cmsis_nn_dims from = {1, sizes->height, sizes->width, sizes->channels};
    const cmsis_nn_dims filter = {sizes->made_channels, sizes->rows, sizes->columns,
                                  sizes->channels};
    const cmsis_nn_dims bias = {1, 1, 1, sizes->made_channels};
    const cmsis_nn_dims to = {1, sizes->made_height, sizes->made_width, sizes->made_channels};
    const cmsis_nn_context context = {memory, size};
    if (arm_convolve_wrapper_s8_get_buffer_size(&params, &from, &filter, &to) <= size
        && arm_convolve_wrapper_s8(&context, &params, &quant, &from, x, &filter, weights, &bias,
                                   layer->bias, &to, y) == ARM_CMSIS_NN_SUCCESS) {
        return;
    }
#endif
    (void)size;
    int16_t *const window = memory;
    const int32_t channels = sizes->channels;
    const size_t inputs = (size_t)(sizes->rows * sizes->columns * channels);
    for (int32_t at = 0; at < sizes->made_height * sizes->made_width; at++) {
        const int32_t top = at / sizes->made_width * sizes->stride_y - sizes->padding_y;
        const int32_t left = at % sizes->made_width * sizes->stride_x - sizes->padding_x;
        int16_t *to_fill = window;
        for (int32_t row = 0; row < sizes->rows; row++) {
            const int32_t from_y = top + row * sizes->dilation_y;
            for (int32_t column = 0; column < sizes->columns; column++, to_fill += channels) {
                const int32_t from_x = left + column * sizes->dilation_x;
                if (from_y < 0 || from_y >= sizes->height || from_x < 0
                    || from_x >= sizes->width) {
                    memset(to_fill, 0, (size_t)channels * sizeof *to_fill);
                    continue;
                }
                const int8_t *const pixel_at = x + (from_y * sizes->width + from_x) * channels;
                for (int32_t c = 0; c < channels; c++) {
                    to_fill[c] = (int16_t)(pixel_at[c] + layer->input_offset);
                }
            }
        }
        fire_int8(layer, weights, window, inputs, (size_t)sizes->made_channels,
                  y + at * sizes->made_channels);
    }
}
