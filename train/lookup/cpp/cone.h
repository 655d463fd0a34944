// A network during a descent, and what follows from other outputs of one of its neurons.

#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "packed.h"

static constexpr int CHUNK = 128;  // words of a row at once: their floats stay in the cache

struct Layer {
    int k, neurons;
    int32_t *wires;    // [neuron][k]
    uint8_t *tables;   // [neuron][2**k]
    Word *rows;        // outputs: [neuron][words]
};

// State of a descent: the layers, and softmax of the scores before it is normalized.
struct Descent {
    int words, classes, group;
    const Word *inputs;   // bits of the encoder: [input][words]
    std::vector<Layer> layers;
    const Word *members;  // images of each class: [class][words]
    float heat;           // 1 / temperature
    float more, less;     // factors of a class with one vote more, or one less
    std::vector<float> parts, sums;  // [class][image]; [image]

    const Word *row(int layer, int source) const {  // input ``source`` of a layer
        return (layer ? layers[layer - 1].rows : inputs) + (size_t)source * words;
    }

    void weigh() {
        size_t images = (size_t)words * 64;
        parts.assign(classes * images, 0);
        sums.assign(images, 0);
        const Layer &last = layers.back();
        std::vector<float> powers(group + 1);
        for (int votes = 0; votes <= group; votes++)
            powers[votes] = expf((votes - group * 0.5f) * heat);
        for (int q = 0; q < classes; q++)
            for (int w = 0; w < words; w++) {
                Floats votes[4] = {};
                for (int n = q * group; n < (q + 1) * group; n++) {
                    Word bits = last.rows[(size_t)n * words + w];
                    for (int part = 0; part < 4; part++)
                        add_only(votes[part], all(1), lanes(bits, part));
                }
                for (int i = 0; i < 64; i++) {
                    float power = powers[(int)votes[i / LANES][i % LANES]];
                    parts[q * images + (size_t)w * 64 + i] = power;
                    sums[(size_t)w * 64 + i] += power;
                }
            }
    }
};

// Neurons of later layers that a neuron of ``layer`` reaches, and their rows if it had others.
struct Cone {
    const Descent &net;
    int layer;
    std::vector<std::vector<std::vector<int>>> readers;  // by layer, by neuron: of the next layer
    std::vector<std::vector<int>> reached, slot;         // by layer: neurons; their number, or -1
    std::vector<std::vector<Word>> rows;                 // by layer: [number][CHUNK]

    Cone(const Descent &net, int layer) : net(net), layer(layer) {
        int depth = net.layers.size();
        readers.resize(depth);
        reached.resize(depth);
        slot.resize(depth);
        rows.resize(depth);
        for (int i = layer; i < depth; i++) {
            slot[i].assign(net.layers[i].neurons, -1);
            readers[i].resize(net.layers[i].neurons);
            if (i + 1 == depth) continue;
            const Layer &next = net.layers[i + 1];
            for (int n = 0; n < next.neurons; n++)
                for (int j = 0; j < next.k; j++) {
                    auto &list = readers[i][next.wires[(size_t)n * next.k + j]];
                    if (list.empty() || list.back() != n) list.push_back(n);
                }
        }
    }

    void of(int neuron) {
        for (size_t i = layer; i < net.layers.size(); i++)
            for (int n : reached[i]) slot[i][n] = -1;
        reached[layer].assign(1, neuron);
        slot[layer][neuron] = 0;
        for (size_t i = layer; i < net.layers.size(); i++) {
            if (i > (size_t)layer) {
                reached[i].clear();
                for (int source : reached[i - 1])
                    for (int n : readers[i - 1][source])
                        if (slot[i][n] < 0) { slot[i][n] = 0; reached[i].push_back(n); }
                std::sort(reached[i].begin(), reached[i].end());  // class by class
                for (size_t a = 0; a < reached[i].size(); a++) slot[i][reached[i][a]] = a;
            }
            if (rows[i].size() < reached[i].size() * CHUNK) rows[i].resize(reached[i].size() * CHUNK);
        }
    }

    const std::vector<int> &last() const { return reached.back(); }

    // Fill the rows of all later layers from those of the neuron itself, for some words.
    void spread(int first, int words) {
        for (size_t i = layer + 1; i < net.layers.size(); i++) {
            const Layer &own = net.layers[i];
            for (size_t a = 0; a < reached[i].size(); a++) {
                int n = reached[i][a];
                const Word *inputs[MOST];
                for (int j = 0; j < own.k; j++) {
                    int source = own.wires[(size_t)n * own.k + j], number = slot[i - 1][source];
                    inputs[j] = number < 0 ? net.row(i, source) + first
                                           : &rows[i - 1][(size_t)number * CHUNK];
                }
                evaluate_table(own.k, inputs, own.tables + ((size_t)n << own.k), words,
                               &rows[i][a * CHUNK]);
            }
        }
    }
};

// Loss with the neuron at 1 minus loss with it at 0, for the images of some words.
static void differences(const Descent &net, Cone &cone, const Word *own, int first, int words,
                        float *to) {
    size_t images = (size_t)net.words * 64;
    Word *flipped = cone.rows[cone.layer].data();
    for (int w = 0; w < words; w++) flipped[w] = ~own[first + w];
    cone.spread(first, words);
    const std::vector<int> &reached = cone.last();
    const Word *rows = net.layers.back().rows;
    for (int w = 0; w < words; w++) {
        Floats gain[4] = {}, vote[4] = {};
        for (size_t a = 0; a < reached.size();) {
            int q = reached[a] / net.group;
            Word member = net.members[(size_t)q * net.words + first + w];
            Floats factor[4] = {all(1), all(1), all(1), all(1)};
            for (; a < reached.size() && reached[a] / net.group == q; a++) {
                Word now = rows[(size_t)reached[a] * net.words + first + w];
                Word then = cone.rows.back()[a * CHUNK + w];
                Word rise = then & ~now, fall = now & ~then;
                for (int part = 0; part < 4; part++) {
                    unsigned up = lanes(rise, part), down = lanes(fall, part);
                    add_only(factor[part], factor[part] * (net.more - 1), up);
                    add_only(factor[part], factor[part] * (net.less - 1), down);
                    add_only(vote[part], all(net.heat), up & lanes(member, part));
                    add_only(vote[part], all(-net.heat), down & lanes(member, part));
                }
            }
            const float *own_part = &net.parts[q * images + (size_t)(first + w) * 64];
            for (int part = 0; part < 4; part++)
                gain[part] += load(own_part + part * LANES) * (factor[part] - 1.0f);
        }
        for (int part = 0; part < 4; part++) {
            Floats sum = load(&net.sums[(size_t)(first + w) * 64 + part * LANES]);
            Floats change = logarithm((sum + gain[part]) / sum) - vote[part];
            change -= only(change + change, lanes(own[first + w], part));
            store(to + w * 64 + part * LANES, change);
        }
    }
}

// Put a neuron's new row in place, with all that follows from it.
static void replace(Descent &net, Cone &cone, const Word *const *inputs, const uint8_t *table,
                    int k) {
    size_t images = (size_t)net.words * 64;
    std::vector<const Word *> here(k);
    for (int first = 0; first < net.words; first += CHUNK) {
        int words = net.words - first < CHUNK ? net.words - first : CHUNK;
        for (int j = 0; j < k; j++) here[j] = inputs[j] + first;
        evaluate_table(k, here.data(), table, words, cone.rows[cone.layer].data());
        cone.spread(first, words);
        const std::vector<int> &reached = cone.last();
        for (size_t a = 0; a < reached.size(); a++) {
            const Word *before = net.layers.back().rows + (size_t)reached[a] * net.words + first;
            float *own_part = &net.parts[reached[a] / net.group * images + (size_t)first * 64];
            float *sums = &net.sums[(size_t)first * 64];
            for (int w = 0; w < words; w++) {
                Word then = cone.rows.back()[a * CHUNK + w];
                Word rise = then & ~before[w], fall = before[w] & ~then;
                if (!(rise | fall)) continue;
                for (int part = 0; part < 4; part++) {
                    float *at = own_part + w * 64 + part * LANES, *sum = sums + w * 64 + part * LANES;
                    Floats old = load(at), more = all(0);
                    add_only(more, old * (net.more - 1), lanes(rise, part));
                    add_only(more, old * (net.less - 1), lanes(fall, part));
                    store(at, old + more);
                    store(sum, load(sum) + more);
                }
            }
        }
        for (size_t i = cone.layer; i < net.layers.size(); i++)
            for (size_t a = 0; a < cone.reached[i].size(); a++)
                memcpy(net.layers[i].rows + (size_t)cone.reached[i][a] * net.words + first,
                       &cone.rows[i][a * CHUNK], sizeof(Word) * words);
    }
}
