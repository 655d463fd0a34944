/* Neurons of lists: neuron n fires where its sum is at least least[n].
 * counts holds the numbers of positive weights and of all weights of each neuron. */
static void fire_list_INDEX_VALUE(const VALUE_t *x, const INDEX_t *index, const uint16_t *counts,
                                  const limit *least, size_t neurons, uint8_t *y)
{
    for (size_t n = 0; n < neurons; n++, counts += 2) {
        y[n] = (uint8_t)(sum_INDEX_VALUE(x, index, counts[0], counts[1]) >= least[n]);
        index += counts[1];
    }
}
