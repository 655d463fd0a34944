// Tables at mixed inputs, and gradients. Rows are neurons or inputs; columns are images, 32 times n.

#include <vector>

#include "vector.h"

// Each slot's value: the sum of its candidates, weighted by their chances.
static void mix(const float *x, int images, const int32_t *candidates, const float *chances,
                int slots, int count, float *mixed) {
    std::vector<const float *> rows(count);
    std::vector<float> weights(count);
    for (int slot = 0; slot < slots; slot++) {
        float *to = mixed + (size_t)slot * images;
        int found = 0;
        for (int c = 0; c < count; c++)
            if (float chance = chances[slot * count + c]; chance != 0) {
                weights[found] = chance;
                rows[found++] = x + (size_t)candidates[slot * count + c] * images;
            }
        if (found == 1 && weights[0] == 1) {
            memcpy(to, rows[0], sizeof(float) * images);
            continue;
        }
        for (int b = 0; b < images; b += 2 * LANES) {
            Floats low = all(0), high = all(0);
            for (int c = 0; c < found; c++) {
                low += load(rows[c] + b) * all(weights[c]);
                high += load(rows[c] + b + LANES) * all(weights[c]);
            }
            store(to + b, low);
            store(to + b + LANES, high);
        }
    }
}

template <int K>
static void look_up(const float *x, int images, const int32_t *candidates, const float *chances,
                    int count, const float *tables, int neurons, float *outputs) {
    std::vector<float> mixed((size_t)K * images);
    for (int n = 0; n < neurons; n++) {
        size_t slots = (size_t)n * K * count;
        mix(x, images, candidates + slots, chances + slots, K, count, mixed.data());
        const float *table = tables + ((size_t)n << K);
        for (int b = 0; b < images; b += LANES) {
            Floats part[1 << (K - 1)];
            Floats a = load(&mixed[(size_t)(K - 1) * images + b]);
            for (int i = 0; i < 1 << (K - 1); i++)
                part[i] = all(table[i]) + a * (table[i + (1 << (K - 1))] - table[i]);
            for (int j = K - 2; j >= 0; j--) {
                a = load(&mixed[(size_t)j * images + b]);
                for (int i = 0; i < 1 << j; i++) part[i] += a * (part[i + (1 << j)] - part[i]);
            }
            store(outputs + (size_t)n * images + b, part[0]);
        }
    }
}

// Gradients of one neuron's slots and table. level[j] holds the table after inputs j.. are mixed in.
template <int K>
static void table_gradients(const float *mixed, int images, const float *table,
                            const float *gradient, float *slot_gradients, float *table_gradient) {
    Floats sums[1 << K];
    for (int i = 0; i < 1 << K; i++) sums[i] = all(0);
    for (int b = 0; b < images; b += LANES) {
        Floats a[K], level[K + 1][1 << K], back[1 << K];
        for (int j = 0; j < K; j++) a[j] = load(mixed + (size_t)j * images + b);
        for (int i = 0; i < 1 << K; i++) level[K][i] = all(table[i]);
        for (int j = K - 1; j > 0; j--)
            for (int i = 0; i < 1 << j; i++)
                level[j][i] = level[j + 1][i] + a[j] * (level[j + 1][i + (1 << j)]
                                                        - level[j + 1][i]);
        back[0] = load(gradient + b);
        for (int j = 0; j < K; j++) {
            Floats slope = all(0);
            for (int i = 0; i < 1 << j; i++) {
                slope += back[i] * (level[j + 1][i + (1 << j)] - level[j + 1][i]);
                Floats part = back[i] * a[j];
                back[i + (1 << j)] = part;
                back[i] -= part;
            }
            store(slot_gradients + (size_t)j * images + b, slope);
        }
        for (int i = 0; i < 1 << K; i++) sums[i] += back[i];
    }
    write_totals(sums, 1 << K, table_gradient);
}

// Gradients of one slot's chances. Candidates of no chance get none, and neither does a sole one.
static void chance_gradients(const float *x, int images, const int32_t *candidates,
                             const float *chances, int count, const float *slope, float *to) {
    std::vector<int> found;
    for (int c = 0; c < count; c++) {
        to[c] = 0;
        if (chances[c] != 0) found.push_back(c);
    }
    if (found.size() < 2) return;
    for (size_t first = 0; first < found.size(); first += LANES) {
        int many = found.size() - first < LANES ? found.size() - first : LANES;
        const float *rows[LANES];
        Floats sums[LANES];
        for (int c = 0; c < LANES; c++) {
            rows[c] = x + (size_t)candidates[found[first + (c < many ? c : 0)]] * images;
            sums[c] = all(0);
        }
        if (many == LANES) {
            for (int b = 0; b < images; b += LANES) {
                Floats part = load(slope + b);
                for (int c = 0; c < LANES; c++) sums[c] += part * load(rows[c] + b);
            }
        } else {
            for (int c = 0; c < many; c++)
                for (int b = 0; b < images; b += LANES)
                    sums[c] += load(slope + b) * load(rows[c] + b);
        }
        Floats result = totals(sums);
        for (int c = 0; c < many; c++) to[found[first + c]] = result[c];
    }
}

template <int K>
static void gradients(const float *x, int images, const int32_t *candidates, const float *chances,
                      int count, const float *tables, int neurons, const float *gradient,
                      float *table_gradient, float *chance_gradient, float *x_gradient) {
    std::vector<float> mixed((size_t)K * images), slopes((size_t)K * images);
    for (int n = 0; n < neurons; n++) {
        size_t slots = (size_t)n * K * count;
        mix(x, images, candidates + slots, chances + slots, K, count, mixed.data());
        table_gradients<K>(mixed.data(), images, tables + ((size_t)n << K),
                           gradient + (size_t)n * images, slopes.data(),
                           table_gradient + ((size_t)n << K));
        for (int j = 0; j < K; j++) {
            size_t slot = slots + (size_t)j * count;
            const float *slope = &slopes[(size_t)j * images];
            chance_gradients(x, images, candidates + slot, chances + slot, count, slope,
                             chance_gradient + slot);
            if (!x_gradient) continue;
            for (int c = 0; c < count; c++) {
                float chance = chances[slot + c];
                if (chance == 0) continue;
                float *to = x_gradient + (size_t)candidates[slot + c] * images;
                for (int b = 0; b < images; b += LANES)
                    store(to + b, load(to + b) + load(slope + b) * all(chance));
            }
        }
    }
}

extern "C" {

void thresher_look_up(int k, const float *x, int images, const int32_t *candidates,
                      const float *chances, int count, const float *tables, int neurons,
                      float *outputs) {
#define CALL(K) look_up<K>(x, images, candidates, chances, count, tables, neurons, outputs);
    BY_INPUTS(k, CALL)
#undef CALL
}

void thresher_gradients(int k, const float *x, int images, const int32_t *candidates,
                        const float *chances, int count, const float *tables, int neurons,
                        const float *gradient, float *table_gradient, float *chance_gradient,
                        float *x_gradient) {
#define CALL(K) gradients<K>(x, images, candidates, chances, count, tables, neurons, gradient, \
                             table_gradient, chance_gradient, x_gradient);
    BY_INPUTS(k, CALL)
#undef CALL
}

}
