#include <time.h>

#define BATCH 4096

/* Prints how many images a second are computed, one at a time and many at once. */
static int benchmark(void)
{
    unsigned long done = 0;
    const clock_t start = clock();
    clock_t spent = 0;
    while (spent < CLOCKS_PER_SEC) {
        for (size_t i = 0; i < ROUND; i++, done++) {
            @NAME@_scores(images[i], scores[i]);
        }
        spent = clock() - start;
    }
    const double one = (double)done * CLOCKS_PER_SEC / (double)spent;
    @NAME@_pixel *const many = malloc(sizeof(@NAME@_pixel) * @UPPER@_INPUTS * BATCH);
    int32_t *const found = malloc(sizeof(int32_t) * @UPPER@_CLASSES * BATCH);
    if (many == NULL || found == NULL) {
        return fail("@NAME@", "needs more memory for --benchmark");
    }
    for (size_t i = 0; i < BATCH; i++) {
        memcpy(many + i * @UPPER@_INPUTS, images[i % ROUND], sizeof images[0]);
    }
    done = 0;
    spent = 0;
    const clock_t again = clock();
    while (spent < CLOCKS_PER_SEC) {
        @NAME@_scores_batch(many, BATCH, found);
        done += BATCH;
        spent = clock() - again;
    }
    free(many);
    free(found);
    printf("%.0f images/s, %.0f images/s in batches of %d\n", one,
           (double)done * CLOCKS_PER_SEC / (double)spent, BATCH);
    return 0;
}
