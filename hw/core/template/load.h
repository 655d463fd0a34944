
/* Load the weights of a network of the same shape: the octets of NAME.load.bin as words, the first
   octet lowest. Returns 1 if they are in force, 0 if they were refused: a load of another shape leaves
   the weights as they were, a damaged one leaves none. */
static inline int @p@_load(volatile uint32_t *base, const uint32_t *words, size_t count) {
    @p@_clear(base);
    @p@_write(base, @P@_COMMAND, @P@_COMMAND_LOAD);
    while ((@p@_read(base, @P@_STATUS) & @P@_STATUS_LOADING) == 0) {
    }
    for (size_t word = 0; word < count; ++word) {
        @p@_write(base, @P@_WEIGHTS, words[word]);
    }
    /* The loader needs a few cycles behind the last word; a load that is cut off stays open. */
    for (int tries = 0; tries < 100 && (@p@_read(base, @P@_STATUS) & @P@_STATUS_LOADING); ++tries) {
    }
    return (@p@_read(base, @P@_STATUS) & (@P@_STATUS_LOADED | @P@_STATUS_REFUSED)) ==
           @P@_STATUS_LOADED;
}
