/* Scores of lists: twice the sum, plus a constant. */
static void score_list_INDEX_VALUE(const VALUE_t *x, const INDEX_t *index, const uint16_t *counts,
                                   const int32_t *constant, size_t classes, int32_t *scores)
{
    for (size_t n = 0; n < classes; n++, counts += 2) {
        scores[n] = 2 * sum_INDEX_VALUE(x, index, counts[0], counts[1]) + constant[n];
        index += counts[1];
    }
}
