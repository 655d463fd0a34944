/* Neurons of packed weights: neuron n fires where at most room[n] synapses disagree.
 * Outputs are written by whole groups: y has room for them. */
static void fire(const word *x, size_t words, const word *w, int masked, const limit *room,
                 size_t neurons, uint8_t *y)
{
    const size_t step = words * GROUP * (masked ? 2u : 1u);
    for (size_t n = 0; n < neurons; n += GROUP, w += step) {
        uint32_t count[GROUP];
        differ(x, words, w, masked, count);
        for (size_t j = 0; j < GROUP; j++) {
            y[n + j] = (uint8_t)((int32_t)count[j] <= (int32_t)room[n + j]);
        }
    }
}
