/* A network that Thresher made: bit-exact@FLOATS@, without malloc.
 *
 * Classes:
@CLASS_LIST@
 */
#ifndef @UPPER@_H
#define @UPPER@_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define @UPPER@_IDENTITY "@IDENTITY@"
#define @UPPER@_INPUTS @INPUTS@ /* pixels of an image: @SHAPE@ */
#define @UPPER@_INPUT_BITS @INPUT_BITS@ /* a pixel is below 2 to the power of this */
#define @UPPER@_CLASSES @CLASSES@
#define @UPPER@_SCRATCH @SCRATCH@ /* octets of @NAME@_memory */

typedef @PIXEL@ @NAME@_pixel;

/* Scratch memory; its content means nothing between two calls. */
typedef struct {
    uint@WORD_BITS@_t words[@SCRATCH_WORDS@];
} @NAME@_memory;

/* Names of the classes, UTF-8. */
extern const char *const @NAME@_labels[@UPPER@_CLASSES];

/* Scores of an image: a number a class. */
void @NAME@_scores(const @NAME@_pixel *image, int32_t *scores);

/* Index of the class of an image: the first of the greatest scores. */
unsigned @NAME@_label(const @NAME@_pixel *image);

/* The same with the caller's memory: may be called by several threads at once, anywhere. */
void @NAME@_scores_in(const @NAME@_pixel *image, int32_t *scores, @NAME@_memory *memory);

/* Index of the first of the greatest scores. */
unsigned @NAME@_best(const int32_t *scores);

/* Scores of images, one behind the other; a linker leaves out what only this function needs. */
void @NAME@_scores_batch(const @NAME@_pixel *images, size_t count, int32_t *scores);
@MORE@
#ifdef __cplusplus
}
#endif

#endif
