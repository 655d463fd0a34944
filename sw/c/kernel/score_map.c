/* Scores of a map: each channel's ones at all positions, times the channel's weights, doubled. */
static void score_map(const uint8_t *x, size_t positions, size_t channels, const int8_t *w,
                      const int32_t *constant, size_t classes, int32_t *scores)
{
    memcpy(scores, constant, classes * sizeof *scores);
    for (size_t first = 0; first < channels; first += 32) {
        const size_t here = channels - first < 32 ? channels - first : 32;
        int32_t ones[32] = {0};
        for (size_t at = 0; at < positions; at++) {
            for (size_t c = 0; c < here; c++) {
                ones[c] += x[at * channels + first + c];
            }
        }
        for (size_t n = 0; n < classes; n++) {
            for (size_t c = 0; c < here; c++) {
                scores[n] += 2 * w[n * channels + first + c] * ones[c];
            }
        }
    }
}
