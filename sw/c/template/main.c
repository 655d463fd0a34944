/* Labels of the images in a file: IDX, or raw pixels one image behind the other. */
#include "@NAME@.h"

#include <stdio.h>
#include <string.h>

#define OCTETS sizeof(@NAME@_pixel)
#define ROUND @ROUND@ /* images that --benchmark computes between two looks at the clock */

static @NAME@_pixel images[ROUND][@UPPER@_INPUTS];
static int32_t scores[ROUND][@UPPER@_CLASSES];

/* Reads a big-endian number; returns whether the file had it. */
static int read_number(FILE *file, unsigned long *number)
{
    *number = 0;
    for (int i = 0; i < 4; i++) {
        const int octet = getc(file);
        if (octet == EOF) {
            return 0;
        }
        *number = (*number << 8) | (unsigned long)octet;
    }
    return 1;
}

/* Leaves the header of an IDX file behind, or goes back to the start of a raw file.
 * Returns the number of images, -1 for a raw file, -2 for an IDX file of other images. */
static long open_images(FILE *file)
{
    unsigned long magic, count, extent, size = 1;
    if (!read_number(file, &magic) || magic >> 8 != 8 || (magic & 255) < 1 || (magic & 255) > 4) {
        rewind(file);
        return -1;
    }
    if (!read_number(file, &count) || count > 0x7fffffff) {
        return -2;
    }
    for (unsigned long i = 1; i < (magic & 255); i++) {
        if (!read_number(file, &extent) || extent > @UPPER@_INPUTS) {
            return -2;
        }
        size *= extent;
        if (size > @UPPER@_INPUTS) {
            return -2;
        }
    }
    return size == @UPPER@_INPUTS ? (long)count : -2;
}

/* Reads an image; returns 1, 0 at the end of the file, -1 if it ends inside an image, and -2 if a
 * pixel has too many bits. A raw pixel of more than 8 bits has two octets, the lower one first. */
static int read_image(FILE *file, int idx, @NAME@_pixel *image)
{
    for (size_t i = 0; i < @UPPER@_INPUTS; i++) {
        unsigned long pixel = 0;
        for (unsigned place = 0; place < (idx ? 1 : OCTETS); place++) {
            const int octet = getc(file);
            if (octet == EOF) {
                return i == 0 && place == 0 ? 0 : -1;
            }
            pixel |= (unsigned long)octet << (8 * place);
        }
        if (pixel >> @UPPER@_INPUT_BITS != 0) {
            return -2;
        }
        image[i] = (@NAME@_pixel)pixel;
    }
    return 1;
}

static int fail(const char *file, const char *reason)
{
    fprintf(stderr, "error: %s %s\n", file, reason);
    return 2;
}

static void print(const int32_t *found, int with_scores)
{
    if (!with_scores) {
        puts(@NAME@_labels[@NAME@_best(found)]);
        return;
    }
    for (size_t c = 0; c < @UPPER@_CLASSES; c++) {
        printf("%ld%c", (long)found[c], c + 1 < @UPPER@_CLASSES ? ' ' : '\n');
    }
}

/* Prints the label of each image, or its scores. */
static int classify(const char *name, int with_scores, int raw, int batch)
{
    FILE *const file = fopen(name, "rb");
    if (file == NULL) {
        return fail(name, "cannot be opened (check the path)");
    }
    const long count = raw ? -1 : open_images(file);
    int state = count == -2 ? -3 : 1;
    for (long i = 0; state == 1 && i != count;) {
        size_t here = 0;
        for (; here < ROUND && i != count; here++, i++) {
            state = read_image(file, count >= 0, images[here]);
            if (state != 1) {
                break;
            }
        }
        if (batch) {
            @NAME@_scores_batch(images[0], here, scores[0]);
        }
        for (size_t j = 0; j < here; j++) {
            if (!batch) {
                @NAME@_scores(images[j], scores[j]);
            }
            print(scores[j], with_scores);
        }
    }
    fclose(file);
    if (state == -3) {
        return fail(name, "must hold images of as many pixels as the network takes");
    }
    if (state == -2) {
        return fail(name, "must hold pixels of as many bits as the network takes");
    }
    if (state == -1 || (state == 0 && count >= 0)) {
        return fail(name, "must hold whole images: it ends too early (is it raw? give --raw)");
    }
    return 0;
}

@CLOCK@

static uint32_t state = 1;

/* Pixels that look like nothing: the time of an image does not depend on its pixels. */
static void draw(void)
{
    for (size_t i = 0; i < ROUND; i++) {
        for (size_t p = 0; p < @UPPER@_INPUTS; p++) {
            state = state * 1664525u + 1013904223u;
            images[i][p] = (@NAME@_pixel)(state >> (32 - @UPPER@_INPUT_BITS));
        }
    }
}

int main(int argc, char **argv)
{
    int with_scores = 0, raw = 0, batch = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--benchmark") == 0) {
            draw();
            return benchmark();
        } else if (strcmp(argv[i], "--scores") == 0) {
            with_scores = 1;
        } else if (strcmp(argv[i], "--raw") == 0) {
            raw = 1;
        } else if (strcmp(argv[i], "--batch") == 0) {
            batch = 1;
        } else if (argv[i][0] == '-' || i + 1 < argc) {
            return fail(argv[i], "is no option: give --benchmark, --scores, --raw, --batch, or one file");
        } else {
            return classify(argv[i], with_scores, raw, batch);
        }
    }
    return fail("@NAME@", "needs a file of images, or --benchmark");
}
