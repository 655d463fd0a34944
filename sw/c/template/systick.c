/* SysTick of a Cortex-M: counts cycles down, 24 bits. */
#define SYST_CSR (*(volatile uint32_t *)0xe000e010u)
#define SYST_RVR (*(volatile uint32_t *)0xe000e014u)
#define SYST_CVR (*(volatile uint32_t *)0xe000e018u)

/* Prints the ticks that images take, the most of some, as each must take below 2 to the 24. */
static int benchmark(void)
{
    uint32_t most = 0;
    SYST_RVR = 0xffffffu;
    SYST_CVR = 0;
    SYST_CSR = 5;
    for (size_t i = 0; i < ROUND; i++) {
        (void)SYST_CSR; /* clears the flag of a run through zero */
        const uint32_t before = SYST_CVR;
        @NAME@_scores(images[i], scores[i]);
        const uint32_t ticks = (before - SYST_CVR) & 0xffffffu;
        most = ticks > most ? ticks : most;
    }
    printf("%lu ticks an image\n", (unsigned long)most);
    return 0;
}
