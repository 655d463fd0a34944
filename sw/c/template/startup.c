/* Vector table of a Cortex-M. _start of the C library clears .bss and calls main. */
#include <stdint.h>

extern uint32_t stack_top, data_start, data_end;
extern const uint32_t data_load;
void _start(void);
void reset(void);
void stop(void);

void reset(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end; to++, from++) {
        *to = *from;
    }
    _start();
}

void stop(void)
{
    for (;;) {
    }
}

typedef void (*handler)(void);
typedef union {
    uint32_t *stack;
    handler call;
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    {.stack = &stack_top}, {.call = reset}, {.call = stop}, {.call = stop},
    {.call = stop},        {.call = stop},  {.call = stop}, {.call = stop},
    {.call = stop},        {.call = stop},  {.call = stop}, {.call = stop},
    {.call = stop},        {.call = stop},  {.call = stop}, {.call = stop},
};
