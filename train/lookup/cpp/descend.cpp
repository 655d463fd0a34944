// Coordinate descent of one layer's tables and wires.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "bins.h"
#include "cone.h"

static constexpr float TRIFLE = 1e-4f;  // of the root of a sum of squares: more than rounding

// One neuron's turn.
template <int K>
struct Turn {
    float sums[1 << K], squares[1 << K];  // of the differences, by row of the table
    double root;                          // of the sum of all squares
    double gain = 0;                      // of the best other wire
    int slot = -1, wire = 0;              // of this wire
    float split[1 << K];                  // sums with this wire

    explicit Turn(const Bins<K> &bins, const int32_t *offered) {
        write_totals(bins.sums, 1 << K, sums);
        write_totals(bins.squares, 1 << K, squares);
        double square = 0;
        for (float part : squares) square += part;
        root = sqrt(square);
        double base = cost(sums);
        for (int j = 0; j < K; j++)
            for (int c = 0; c < bins.count; c++) {
                float tried[1 << K];
                bins.with_wire(j, c, sums, tried);
                if (base - cost(tried) <= gain + TRIFLE * root) continue;
                gain = base - cost(tried);
                slot = j;
                wire = offered[j * bins.count + c];
                memcpy(split, tried, sizeof split);
            }
    }

    // Change of the loss with the best table.
    static double cost(const float *sums) {
        double change = 0;
        for (int i = 0; i < 1 << K; i++) change += sums[i] < 0 ? sums[i] : 0;
        return change;
    }

    bool moves(float bound) const { return slot >= 0 && gain > (bound + TRIFLE) * root; }

    // Make a table the best one as far as the differences exceed noise; return whether it changed.
    bool decide(uint8_t *table, bool moved, float bound) const {
        bool changed = false;
        for (int i = 0; i < 1 << K; i++) {
            float sum = moved ? split[i] : sums[i];
            float noise = TRIFLE * root + (moved ? 0 : bound * sqrtf(squares[i]));
            uint8_t bit = sum < -noise ? 1 : sum > noise ? 0 : table[i];
            changed |= bit != table[i];
            table[i] = bit;
        }
        return changed;
    }
};

// Bins of one neuron over the first ``words`` words, with other wires at ``offers``.
template <int K>
static void gather(const Descent &net, Cone &cone, const Word *row, const Word *const *inputs,
                   const Word *const *offers, int words, Bins<K> &bins) {
    float g[CHUNK * 64];
    const Word *part[K];
    std::vector<const Word *> here((size_t)K * bins.count);
    bins.clear();
    for (int first = 0; first < words; first += CHUNK) {
        int many = words - first < CHUNK ? words - first : CHUNK;
        differences(net, cone, row, first, many, g);
        for (int j = 0; j < K; j++) part[j] = inputs[j] + first;
        for (size_t c = 0; c < here.size(); c++) here[c] = offers[c] + first;
        bins.add(g, part, here.data(), many);
    }
}

// The best ``count`` of the offered inputs of each slot by some of the images, [slot][count].
template <int K>
static void prefer(const Bins<K> &bins, const int32_t *offered, int count, int32_t *preferred) {
    float sums[1 << K], tried[1 << K];
    write_totals(bins.sums, 1 << K, sums);
    std::vector<std::pair<double, int>> ranks(bins.count);
    for (int j = 0; j < K; j++) {
        for (int c = 0; c < bins.count; c++) {
            bins.with_wire(j, c, sums, tried);
            ranks[c] = {Turn<K>::cost(tried), c};
        }
        std::partial_sort(ranks.begin(), ranks.begin() + count, ranks.end());
        for (int c = 0; c < count; c++)
            preferred[j * count + c] = offered[j * bins.count + ranks[c].second];
    }
}

template <int K>
static void descend(Descent &net, int layer, const int32_t *order, int turns,
                    const int32_t *candidates, int count, int probed, int preferred,
                    float table_bound, float wire_bound, int32_t *changes) {
    Layer &own = net.layers[layer];
    Cone cone(net, layer);
    Bins<K> wide(count), bins(preferred);
    std::vector<const Word *> offers((size_t)K * count), best((size_t)K * preferred);
    std::vector<int32_t> chosen((size_t)K * preferred);
    for (int step = 0; step < turns; step++) {
        int n = order[step];
        cone.of(n);
        if (cone.last().empty()) continue;
        int32_t *wires = own.wires + (size_t)n * K;
        uint8_t *table = own.tables + ((size_t)n << K);
        const Word *row = own.rows + (size_t)n * net.words, *inputs[K];
        const int32_t *offered = candidates + (size_t)n * K * count;
        for (int j = 0; j < K; j++) inputs[j] = net.row(layer, wires[j]);
        if (preferred) {
            for (int c = 0; c < K * count; c++) offers[c] = net.row(layer, offered[c]);
            gather(net, cone, row, inputs, offers.data(), probed, wide);
            prefer(wide, offered, preferred, chosen.data());
            for (int c = 0; c < K * preferred; c++) best[c] = net.row(layer, chosen[c]);
        }
        gather(net, cone, row, inputs, best.data(), net.words, bins);
        Turn<K> turn(bins, chosen.data());
        bool moved = turn.moves(wire_bound), changed = turn.decide(table, moved, table_bound);
        if (!moved && !changed) continue;
        if (moved) {
            wires[turn.slot] = turn.wire;
            inputs[turn.slot] = net.row(layer, turn.wire);
        }
        changes[0] += changed;
        changes[1] += moved;
        replace(net, cone, inputs, table, K);
    }
}

extern "C" {

void thresher_evaluate(int k, const Word *inputs, int words, const int32_t *wires,
                       const uint8_t *tables, int neurons, Word *outputs) {
    for (int n = 0; n < neurons; n++) {
        const Word *rows[MOST];
        for (int j = 0; j < k; j++) rows[j] = inputs + (size_t)wires[(size_t)n * k + j] * words;
        evaluate_table(k, rows, tables + ((size_t)n << k), words, outputs + (size_t)n * words);
    }
}

void thresher_descend(const Word *inputs, int words, int depth, const int32_t *ks,
                      const int32_t *neurons, int32_t **wires, uint8_t **tables, Word **rows,
                      int classes, const Word *members, float heat, int layer,
                      const int32_t *order, int turns, const int32_t *candidates, int count,
                      int probed, int preferred, float table_bound, float wire_bound, int32_t *changes) {
    Descent net{words, classes, neurons[depth - 1] / classes, inputs, {}, members, heat,
                expf(heat), expf(-heat), {}, {}};
    for (int i = 0; i < depth; i++)
        net.layers.push_back(Layer{ks[i], neurons[i], wires[i], tables[i], rows[i]});
    net.weigh();
#define CALL(K) descend<K>(net, layer, order, turns, candidates, count, probed, preferred, table_bound, \
                            wire_bound, changes);
    BY_INPUTS(ks[layer], CALL)
#undef CALL
}

}
