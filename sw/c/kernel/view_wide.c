/* As view, for pixels of two octets that are not equal outside the map. */
static void view_wide(const geometry *g, size_t position, const pixel *map, pixel outside, pixel *to)
{
    const int top = (int)(position / (size_t)g->across) * g->stride - g->padding;
    const int left = (int)(position % (size_t)g->across) * g->stride - g->padding;
    const size_t channels = g->octets / sizeof *map;
    for (int row = top; row < top + g->rows; row++) {
        for (int column = left; column < left + g->columns; column++, to += channels) {
            const int inside = row >= 0 && row < g->height && column >= 0 && column < g->width;
            const size_t first = inside ? (size_t)row * (size_t)g->width + (size_t)column : 0;
            for (size_t c = 0; c < channels; c++) {
                to[c] = inside ? map[first * channels + c] : outside;
            }
        }
    }
}
