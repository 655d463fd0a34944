/* Scores of packed weights: each synapse that disagrees takes 2 off the best score. */
static void score(const word *x, size_t words, const word *w, int masked, const int32_t *best,
                  size_t classes, int32_t *scores)
{
    const size_t step = words * GROUP * (masked ? 2u : 1u);
    for (size_t n = 0; n < classes; n += GROUP, w += step) {
        uint32_t count[GROUP];
        differ(x, words, w, masked, count);
        for (size_t j = 0; j < GROUP && n + j < classes; j++) {
            scores[n + j] = best[n + j] - 2 * (int32_t)count[j];
        }
    }
}
