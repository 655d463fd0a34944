/* The driver: base is the address of the core, (volatile uint32_t *) of the bus. */

#define @P@_IMAGE_WORDS @words@u
#define @P@_CLASS_COUNT @classes@u

static inline uint32_t @p@_read(volatile uint32_t *base, uint32_t offset) {
    return base[offset / 4];
}

static inline void @p@_write(volatile uint32_t *base, uint32_t offset, uint32_t value) {
    base[offset / 4] = value;
}

/* Is the core here, and does it hold a network? */
static inline int @p@_ready(volatile uint32_t *base) {
    return @p@_read(base, @P@_MAGIC) == @P@_MAGIC_VALUE &&
           (@p@_read(base, @P@_STATUS) & @P@_STATUS_LOADED) != 0;
}

/* Drop all that is inside; wait until nothing is. */
static inline void @p@_clear(volatile uint32_t *base) {
    @p@_write(base, @P@_COMMAND, @P@_COMMAND_CLEAR);
    while (@p@_read(base, @P@_STATUS) & @P@_STATUS_BUSY) {
    }
}

/* Send an image of @P@_IMAGE_WORDS words: pixels without gaps, the first one lowest. Waits for room,
   which never comes after an overrun, without weights, or while nobody takes answers. */
static inline void @p@_send(volatile uint32_t *base, const uint32_t *image) {
    for (size_t word = 0; word < @P@_IMAGE_WORDS; ++word) {
        while (@p@_read(base, @P@_ROOM) == 0) {
        }
        @p@_write(base, @P@_PIXELS, image[word]);
    }
}

/* Wait for the oldest answer and drop it; return its label. scores may be NULL. */
static inline uint32_t @p@_receive(volatile uint32_t *base, int32_t *scores) {
    uint32_t label;
    do {
        label = @p@_read(base, @P@_LABEL);
    } while (label & @P@_LABEL_NONE);
    for (uint32_t class_ = 0; scores != NULL && class_ < @P@_CLASS_COUNT; ++class_) {
        scores[class_] = (int32_t)@p@_read(base, @P@_SCORES + 4u * class_);
    }
    @p@_write(base, @P@_COMMAND, @P@_COMMAND_NEXT);
    return label & @P@_LABEL_LABEL;
}
