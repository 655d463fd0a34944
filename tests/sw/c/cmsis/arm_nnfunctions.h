/* Functions of CMSIS-NN that generated code calls, with its documented arguments and rounding, for
 * tests: written for this project, slow, and counting their calls. */
#ifndef ARM_NNFUNCTIONS_H
#define ARM_NNFUNCTIONS_H

#include <stdint.h>

typedef enum { ARM_CMSIS_NN_SUCCESS = 0, ARM_CMSIS_NN_ARG_ERROR = -1 } arm_cmsis_nn_status;
typedef struct { int32_t w, h; } cmsis_nn_tile;
typedef struct { void *buf; int32_t size; } cmsis_nn_context;
typedef struct { int32_t n, h, w, c; } cmsis_nn_dims;
typedef struct { int32_t *multiplier, *shift; } cmsis_nn_per_channel_quant_params;
typedef struct { int32_t *multiplier, *shift; int32_t is_per_channel; } cmsis_nn_quant_params;
typedef struct { int32_t min, max; } cmsis_nn_activation;
typedef struct {
    int32_t input_offset, output_offset;
    cmsis_nn_tile stride, padding, dilation;
    cmsis_nn_activation activation;
} cmsis_nn_conv_params;
typedef struct {
    cmsis_nn_tile stride, padding;
    cmsis_nn_activation activation;
} cmsis_nn_pool_params;
typedef struct {
    int32_t input_offset, filter_offset, output_offset;
    cmsis_nn_activation activation;
} cmsis_nn_fc_params;

int cmsis_calls;
int cmsis_refuses;   /* what all functions return */
int32_t cmsis_wants; /* octets that a convolution asks for */

/* Half up to 31 bits behind the point, then half away from zero. */
static int32_t cmsis_requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    int64_t product = (int64_t)value * multiplier;
    if (shift > 0) {
        product *= (int64_t)1 << shift;
    }
    const int64_t scaled = product + ((int64_t)1 << 30);
    const int64_t unit = (int64_t)1 << 31;
    const int64_t high = scaled >= 0 ? scaled / unit : -((-scaled + unit - 1) / unit);
    if (shift >= 0) {
        return (int32_t)high;
    }
    const int64_t step = (int64_t)1 << -shift;
    return (int32_t)(high >= 0 ? (2 * high + step) / (2 * step)
                               : -((-2 * high + step) / (2 * step)));
}

static int8_t cmsis_clamp(int32_t value, cmsis_nn_activation to)
{
    return (int8_t)(value < to.min ? to.min : value > to.max ? to.max : value);
}

static int32_t arm_fully_connected_s8_get_buffer_size(const cmsis_nn_dims *filter)
{
    (void)filter;
    return 0;
}

static arm_cmsis_nn_status arm_fully_connected_wrapper_s8(
    const cmsis_nn_context *ctx, const cmsis_nn_fc_params *params,
    const cmsis_nn_quant_params *quant, const cmsis_nn_dims *input_dims, const int8_t *input,
    const cmsis_nn_dims *filter_dims, const int8_t *filter, const cmsis_nn_dims *bias_dims,
    const int32_t *bias, const cmsis_nn_dims *output_dims, int8_t *output)
{
    (void)ctx, (void)bias_dims;
    cmsis_calls++;
    for (int32_t n = 0; n < input_dims->n; n++) {
        for (int32_t o = 0; o < output_dims->c; o++) {
            int32_t sum = bias[o];
            for (int32_t i = 0; i < filter_dims->n; i++) {
                sum += (input[i] + params->input_offset) * filter[o * filter_dims->n + i];
            }
            const int32_t q = quant->is_per_channel ? o : 0;
            output[o] = cmsis_clamp(cmsis_requantize(sum, quant->multiplier[q], quant->shift[q])
                                    + params->output_offset, params->activation);
        }
    }
    return cmsis_refuses ? ARM_CMSIS_NN_ARG_ERROR : ARM_CMSIS_NN_SUCCESS;
}

static int32_t arm_convolve_wrapper_s8_get_buffer_size(
    const cmsis_nn_conv_params *params, const cmsis_nn_dims *input_dims,
    const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims)
{
    (void)params, (void)output_dims;
    if (cmsis_wants) {
        return cmsis_wants;
    }
    return 2 * 2 * input_dims->c * filter_dims->w * filter_dims->h; /* as with DSP instructions */
}

static arm_cmsis_nn_status arm_convolve_wrapper_s8(
    const cmsis_nn_context *ctx, const cmsis_nn_conv_params *params,
    const cmsis_nn_per_channel_quant_params *quant, const cmsis_nn_dims *input_dims,
    const int8_t *input, const cmsis_nn_dims *filter_dims, const int8_t *filter,
    const cmsis_nn_dims *bias_dims, const int32_t *bias, const cmsis_nn_dims *output_dims,
    int8_t *output)
{
    (void)bias_dims;
    cmsis_calls++;
    for (int32_t i = 0; i < ctx->size; i++) {
        ((uint8_t *)ctx->buf)[i] = 0xa5; /* it is ours */
    }
    for (int32_t y = 0; y < output_dims->h; y++) {
        for (int32_t x = 0; x < output_dims->w; x++) {
            for (int32_t o = 0; o < output_dims->c; o++) {
                int32_t sum = bias[o];
                for (int32_t r = 0; r < filter_dims->h; r++) {
                    for (int32_t s = 0; s < filter_dims->w; s++) {
                        const int32_t v = y * params->stride.h - params->padding.h
                                          + r * params->dilation.h;
                        const int32_t u = x * params->stride.w - params->padding.w
                                          + s * params->dilation.w;
                        if (v < 0 || v >= input_dims->h || u < 0 || u >= input_dims->w) {
                            continue;
                        }
                        for (int32_t c = 0; c < input_dims->c; c++) {
                            sum += (input[(v * input_dims->w + u) * input_dims->c + c]
                                    + params->input_offset)
                                   * filter[((o * filter_dims->h + r) * filter_dims->w + s)
                                            * input_dims->c + c];
                        }
                    }
                }
                *output++ = cmsis_clamp(cmsis_requantize(sum, quant->multiplier[o],
                                                         quant->shift[o])
                                        + params->output_offset, params->activation);
            }
        }
    }
    return cmsis_refuses ? ARM_CMSIS_NN_ARG_ERROR : ARM_CMSIS_NN_SUCCESS;
}

static arm_cmsis_nn_status arm_max_pool_s8(
    const cmsis_nn_context *ctx, const cmsis_nn_pool_params *params,
    const cmsis_nn_dims *input_dims, const int8_t *input, const cmsis_nn_dims *filter_dims,
    const cmsis_nn_dims *output_dims, int8_t *output)
{
    (void)ctx;
    cmsis_calls++;
    for (int32_t y = 0; y < output_dims->h; y++) {
        for (int32_t x = 0; x < output_dims->w; x++) {
            for (int32_t c = 0; c < input_dims->c; c++) {
                int32_t best = -128;
                for (int32_t i = 0; i < filter_dims->h * filter_dims->w; i++) {
                    const int32_t v = y * params->stride.h - params->padding.h
                                      + i / filter_dims->w;
                    const int32_t u = x * params->stride.w - params->padding.w
                                      + i % filter_dims->w;
                    if (v >= 0 && v < input_dims->h && u >= 0 && u < input_dims->w) {
                        const int32_t value = input[(v * input_dims->w + u) * input_dims->c + c];
                        best = value > best ? value : best;
                    }
                }
                *output++ = cmsis_clamp(best, params->activation);
            }
        }
    }
    return cmsis_refuses ? ARM_CMSIS_NN_ARG_ERROR : ARM_CMSIS_NN_SUCCESS;
}

static arm_cmsis_nn_status arm_elementwise_add_s8(
    const int8_t *one, const int8_t *two, int32_t offset_1, int32_t multiplier_1, int32_t shift_1,
    int32_t offset_2, int32_t multiplier_2, int32_t shift_2, int32_t left_shift, int8_t *output,
    int32_t offset, int32_t multiplier, int32_t shift, int32_t low, int32_t high, int32_t size)
{
    cmsis_calls++;
    const cmsis_nn_activation to = {low, high};
    for (int32_t i = 0; i < size; i++) {
        const int32_t a = cmsis_requantize((one[i] + offset_1) * (1 << left_shift), multiplier_1,
                                           shift_1);
        const int32_t b = cmsis_requantize((two[i] + offset_2) * (1 << left_shift), multiplier_2,
                                           shift_2);
        output[i] = cmsis_clamp(cmsis_requantize(a + b, multiplier, shift) + offset, to);
    }
    return cmsis_refuses ? ARM_CMSIS_NN_ARG_ERROR : ARM_CMSIS_NN_SUCCESS;
}

#endif
