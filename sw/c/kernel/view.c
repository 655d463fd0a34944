/* Copies the window of an output position. What lies outside the map gets an octet everywhere. */
static void view(const geometry *g, size_t position, const void *map, int outside, void *to)
{
    const int top = (int)(position / (size_t)g->across) * g->stride - g->padding;
    const int left = (int)(position % (size_t)g->across) * g->stride - g->padding;
    const size_t before = left < 0 ? (size_t)-left : 0;
    const size_t columns = (size_t)g->columns;
    const size_t end = left + g->columns > g->width ? (size_t)(g->width - left) : columns;
    const uint8_t *const from = map;
    uint8_t *out = to;
    for (int row = top; row < top + g->rows; row++, out += columns * g->octets) {
        if (row < 0 || row >= g->height) {
            memset(out, outside, columns * g->octets);
            continue;
        }
        const size_t first = (size_t)row * (size_t)g->width + (size_t)(left + (int)before);
        memset(out, outside, before * g->octets);
        memcpy(out + before * g->octets, from + first * g->octets, (end - before) * g->octets);
        memset(out + end * g->octets, outside, (columns - end) * g->octets);
    }
}
