/* Program of the processor: sends images to the core, prints label and scores of each answer. */

#include "thresher_core.h"
#include "images.h" /* IMAGES, images */

#define CORE_AT ((volatile uint32_t *)CORE)
#define LINE ((volatile uint32_t *)UART)

enum { RXTX = 0, TXFULL = 1 };

__asm__(".section .start, \"ax\"\n.globl _start\n_start:\n la sp, stack_top\n j main\n");

static void put(char letter) {
    while (LINE[TXFULL]) {
    }
    LINE[RXTX] = (uint32_t)letter;
}

static void print(const char *text) {
    while (*text) put(*text++);
}

static void print_hex(uint32_t value) {
    put(' ');
    for (int place = 28; place >= 0; place -= 4) put("0123456789abcdef"[value >> place & 15]);
}

int main(void) {
    int32_t scores[THRESHER_CORE_CLASS_COUNT];
    if (!thresher_core_ready(CORE_AT)) print("no core\n");
    print("identity");
    for (uint32_t word = 0; word < 8; ++word)
        print_hex(thresher_core_read(CORE_AT, THRESHER_CORE_IDENTITY + 4 * word));
    put('\n');
    thresher_core_clear(CORE_AT);
    for (uint32_t image = 0; image < IMAGES; ++image) {
        thresher_core_send(CORE_AT, images[image]);
        print("answer");
        print_hex(thresher_core_receive(CORE_AT, scores));
        for (uint32_t place = 0; place < THRESHER_CORE_CLASS_COUNT; ++place)
            print_hex((uint32_t)scores[place]);
        put('\n');
    }
    print("status");
    print_hex(thresher_core_read(CORE_AT, THRESHER_CORE_STATUS));
    print("\ndone\n");
    for (;;) {
    }
}
