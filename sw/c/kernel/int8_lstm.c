/* An LSTM in float over rows of int8: gates in the order input, forget, cell, output. */
typedef struct {
    const float *weights, *recurrent, *bias;
    int32_t steps, features, units, input_zero, zero;
    float input_scale, inverse_scale;
} lstm;

static float sigmoid(float x)
{
    const float sum = 1.0f + exponential(-x);
    return 1.0f / sum;
}

static float tangent(float x)
{
    const float sum = exponential(x + x) + 1.0f;
    const float part = 2.0f / sum;
    return 1.0f - part;
}

static float weighted(float sum, const float *weights, const float *x, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const float product = x[i] * weights[i];
        sum = sum + product;
    }
    return sum;
}

static void run_lstm(const lstm *layer, const int8_t *x, void *memory, int8_t *y)
{
    const int32_t units = layer->units, features = layer->features;
    float *const hidden = memory, *const cell = hidden + units, *const gates = cell + units;
    float *const values = gates + 4 * units;
    for (int32_t i = 0; i < 2 * units; i++) {
        hidden[i] = 0.0f;
    }
    for (int32_t step = 0; step < layer->steps; step++, x += features, y += units) {
        for (int32_t i = 0; i < features; i++) {
            values[i] = (float)(x[i] - layer->input_zero) * layer->input_scale;
        }
        for (int32_t i = 0; i < 4 * units; i++) {
            const float sum = weighted(layer->bias[i], layer->weights + i * features, values,
                                       features);
            gates[i] = weighted(sum, layer->recurrent + i * units, hidden, units);
        }
        for (int32_t i = 0; i < units; i++) {
            const float kept = sigmoid(gates[units + i]) * cell[i];
            const float entered = sigmoid(gates[i]) * tangent(gates[2 * units + i]);
            cell[i] = kept + entered;
            hidden[i] = sigmoid(gates[3 * units + i]) * tangent(cell[i]);
            const float scaled = hidden[i] * layer->inverse_scale;
            const float raised = scaled + 0.5f;
            int32_t n = (int32_t)raised;
            n -= (float)n > raised ? 1 : 0;
            n += layer->zero;
            y[i] = (int8_t)(n < -128 ? -128 : n > 127 ? 127 : n);
        }
    }
}
