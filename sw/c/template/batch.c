/* Many images at once: a lane holds a bit of many images. Made by Thresher, see @NAME@.h. */
#include "@NAME@.h"

#include <string.h>

#if defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Memory of the functions that have no argument for it: one for each thread where there are any. */
#if defined(__GNUC__) && defined(__unix__)
#define THREAD __thread
#else
#define THREAD
#endif

@BODY@
static void block(const @NAME@_pixel *image, size_t images, int32_t *scores)
{
    static THREAD uint64_t packed[LANE_IMAGES * @WORDS@];
    static THREAD uint8_t bits[@BITS@];
@ARRAYS@
    for (size_t i = 0; i < images; i++, image += @UPPER@_INPUTS) {
@ENCODE@
        pack(bits, @OUTPUTS@, packed + @WORDS@ * i);
    }
    memset(packed + @WORDS@ * images, 0, @OCTETS@ * (LANE_IMAGES - images));
    slice(packed, @WORDS@, a);
@CALLS@
}

void @NAME@_scores_batch(const @NAME@_pixel *images, size_t count, int32_t *scores)
{
    for (size_t i = 0; i < count; i += LANE_IMAGES) {
        block(images + i * @UPPER@_INPUTS, count - i < LANE_IMAGES ? count - i : LANE_IMAGES,
              scores + i * @UPPER@_CLASSES);
    }
}
