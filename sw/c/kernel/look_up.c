/* Tables: the inputs of a neuron form the number of the row of its table, first input lowest. */
static void look_up_VALUE_INDEX(const uint8_t *x, const INDEX_t *wires, const VALUE_t *tables,
                               size_t inputs, size_t neurons, uint8_t *y)
{
    for (size_t n = 0; n < neurons; n++, wires += inputs) {
        unsigned row = 0;
        for (size_t i = 0; i < inputs; i++) {
            row |= (unsigned)x[wires[i]] << i;
        }
        y[n] = (uint8_t)((tables[n] >> row) & 1u);
    }
}
