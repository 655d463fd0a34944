/* Sum of the inputs of positive weights minus that of the inputs of negative ones.
 * The indices of the positive ones come first. */
static inline int32_t sum_INDEX_VALUE(const VALUE_t *x, const INDEX_t *index, size_t positive,
                                      size_t all)
{
    int32_t sum = 0;
    size_t i = 0;
    for (; i < positive; i++) {
        sum += x[index[i]];
    }
    for (; i < all; i++) {
        sum -= x[index[i]];
    }
    return sum;
}
