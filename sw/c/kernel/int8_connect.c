/* A fully connected layer: weights neuron by neuron. The window holds 2 * inputs octets. */
static void connect(const neurons *layer, const int8_t *weights, const int8_t *x, int32_t inputs,
                    int32_t count, void *memory, int8_t *y)
{
#ifdef USE_CMSIS_NN
    const cmsis_nn_fc_params params = {layer->input_offset, 0, layer->output_offset,
                                       {layer->low, layer->high}};
    const cmsis_nn_quant_params quant = {(int32_t *)layer->multiplier, (int32_t *)layer->shift, 1};
    const cmsis_nn_dims from = {1, 1, 1, inputs}, filter = {inputs, 1, 1, count};
    const cmsis_nn_dims bias = {1, 1, 1, count}, to = {1, 1, 1, count};
    const cmsis_nn_context context = {NULL, 0};
    if (arm_fully_connected_s8_get_buffer_size(&filter) == 0
        && arm_fully_connected_wrapper_s8(&context, &params, &quant, &from, x, &filter, weights,
                                          &bias, layer->bias, &to, y) == ARM_CMSIS_NN_SUCCESS) {
        return;
    }
#endif
    int16_t *const window = memory;
    for (int32_t i = 0; i < inputs; i++) {
        window[i] = (int16_t)(x[i] + layer->input_offset);
    }
    fire_int8(layer, weights, window, (size_t)inputs, (size_t)count, y);
}
