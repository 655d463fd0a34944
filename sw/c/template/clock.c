#include <time.h>

#define MANY 4096

static @NAME@_pixel many[MANY * @UPPER@_INPUTS];
static int32_t found[MANY * @UPPER@_CLASSES];

/* Returns the images a second of processor time: one at a time where batch is 1. */
static double rate(size_t batch)
{
    double done = 0;
    clock_t spent;
    const clock_t start = clock();
    do {
        for (size_t i = 0; i < MANY; i += batch) {
            const @NAME@_pixel *const at = many + i * @UPPER@_INPUTS;
            if (batch == 1) {
                @NAME@_scores(at, found + i * @UPPER@_CLASSES);
            } else {
                @NAME@_scores_batch(at, batch, found + i * @UPPER@_CLASSES);
            }
        }
        done += MANY;
        spent = clock() - start;
    } while (spent < CLOCKS_PER_SEC);
    return done * (double)CLOCKS_PER_SEC / (double)spent;
}

/* Prints how many images a second are computed, one at a time and many in one call. */
static int benchmark(void)
{
    for (size_t i = 0; i < MANY; i++) {
        memcpy(many + i * @UPPER@_INPUTS, images[i % ROUND], sizeof images[0]);
    }
    printf("%.0f images/s\n", rate(1));
    printf("%.0f images/s in batches of 256\n", rate(256));
    printf("%.0f images/s in batches of %d\n", rate(MANY), MANY);
    return 0;
}
