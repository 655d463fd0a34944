/* Made by Thresher, see @NAME@.h; identity @SHORT@. */
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
typedef struct {
@FIELDS@
} scratch;

/* This array has a negative length where the caller's memory is too short. */
typedef char memory_suffices[sizeof(scratch) <= sizeof(@NAME@_memory) ? 1 : -1];

const char *const @NAME@_labels[@UPPER@_CLASSES] = {
@LABEL_LIST@
};

void @NAME@_scores_in(const @NAME@_pixel *image, int32_t *scores, @NAME@_memory *given)
{
    scratch *const memory = (scratch *)(void *)given;
@CALLS@
}

void @NAME@_scores(const @NAME@_pixel *image, int32_t *scores)
{
    static THREAD @NAME@_memory memory;
    @NAME@_scores_in(image, scores, &memory);
}

unsigned @NAME@_best(const int32_t *scores)
{
    unsigned best = 0;
    for (unsigned i = 1; i < @UPPER@_CLASSES; i++) {
        if (scores[i] > scores[best]) {
            best = i;
        }
    }
    return best;
}

unsigned @NAME@_label(const @NAME@_pixel *image)
{
    int32_t scores[@UPPER@_CLASSES];
    @NAME@_scores(image, scores);
    return @NAME@_best(scores);
}
