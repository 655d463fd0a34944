// Kernels of look-up networks: interpolated tables with gradients, packed tables, descent.
// train/lookup/kernels.py compiles and calls them; train/lookup/reference.py defines the results.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

typedef uint64_t Word;
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));

static constexpr int LANES = 16;      // floats of a vector
static constexpr int CHUNK = 128;     // words of a row at once: their floats stay in the cache
static constexpr int MOST = 6;        // most inputs of a table
static constexpr float TRIFLE = 1e-4f;  // of the root of a sum of squares: more than rounding

static inline Floats load(const float *from) { Floats x; memcpy(&x, from, sizeof x); return x; }
static inline void store(float *to, Floats x) { memcpy(to, &x, sizeof x); }
static inline Floats all(float x) { return Floats{} + x; }

static inline float total(Floats x) {
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += x[lane];
    return sum;
}

// Sums of neighbouring pairs, first those of a, then those of b.
static inline Floats pairs(Floats a, Floats b) {
#if defined(__clang__) || __GNUC__ >= 12
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
         + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#else
    const Ints even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
    return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1);
#endif
}

// The sums of 16 vectors, in order.
static inline Floats totals(const Floats *x) {
    Floats a[8], b[4];
    for (int i = 0; i < 8; i++) a[i] = pairs(x[2 * i], x[2 * i + 1]);
    for (int i = 0; i < 4; i++) b[i] = pairs(a[2 * i], a[2 * i + 1]);
    return pairs(pairs(b[0], b[1]), pairs(b[2], b[3]));
}

static inline void write_totals(const Floats *x, int count, float *to) {
    int done = 0;
    for (; done + LANES <= count; done += LANES) store(to + done, totals(x + done));
    for (; done < count; done++) to[done] = total(x[done]);
}

// ---- Interpolated tables. Rows are neurons or inputs, columns are images: a multiple of 32. ----

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

// ---- Packed tables: 64 images a word. ----

template <int K>
static void evaluate_words(const Word *const *inputs, const uint8_t *table, int words, Word *output) {
    Word ends[1 << K];
    for (int i = 0; i < 1 << K; i++) ends[i] = table[i] ? ~(Word)0 : 0;
    for (int w = 0; w < words; w++) {
        Word part[1 << K];
        memcpy(part, ends, sizeof part);
        for (int j = K - 1; j >= 0; j--)
            for (int i = 0; i < 1 << j; i++)
                part[i] ^= (part[i] ^ part[i + (1 << j)]) & inputs[j][w];
        output[w] = part[0];
    }
}

static void evaluate_table(int k, const Word *const *inputs, const uint8_t *table, int words,
                           Word *output) {
    switch (k) {
    case 1: return evaluate_words<1>(inputs, table, words, output);
    case 2: return evaluate_words<2>(inputs, table, words, output);
    case 3: return evaluate_words<3>(inputs, table, words, output);
    case 4: return evaluate_words<4>(inputs, table, words, output);
    case 5: return evaluate_words<5>(inputs, table, words, output);
    case 6: return evaluate_words<6>(inputs, table, words, output);
    }
}

// ---- Descent. ----

// The lanes of ``x`` whose bit is 1; 0 in the others.
static inline Floats only(Floats x, unsigned bits) {
#if defined(__AVX512F__)
    return (Floats)_mm512_maskz_mov_ps((__mmask16)bits, (__m512)x);
#else
    const Ints places = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
    return (Floats)(((((Ints{} + (int)bits) & places) != 0)) & (Ints)x);
#endif
}

static inline void add_only(Floats &sum, Floats x, unsigned bits) {
#if defined(__AVX512F__)
    sum = (Floats)_mm512_mask_add_ps((__m512)sum, (__mmask16)bits, (__m512)sum, (__m512)x);
#else
    sum += only(x, bits);
#endif
}

static inline unsigned lanes(Word word, int part) { return (word >> (LANES * part)) & 0xFFFF; }

// Natural logarithm of positive floats, error below 1e-7 of the greater of 1 and the result.
static inline Floats logarithm(Floats x) {
    Ints bits = (Ints)x;
    Ints exponent = (bits - 0x3F3504F3) >> 23;  // the rest is in sqrt(1/2)..sqrt(2)
    Floats y = (Floats)(bits - (exponent << 23)) - 1.0f;
    Floats p = all(7.0376836292e-2f);
    const float terms[] = {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                           -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f,
                           3.3333331174e-1f};  // S. Moshier, Cephes, logf
    for (float term : terms) p = p * y + term;
    return __builtin_convertvector(exponent, Floats) * 0.69314718056f + y + y * y * (p * y - 0.5f);
}

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
                // Neurons of one class must be together.
                std::vector<int> &all = reached[i];
                for (size_t a = 1; a < all.size(); a++)
                    for (size_t b = a; b > 0 && all[b - 1] > all[b]; b--) std::swap(all[b - 1], all[b]);
                for (size_t a = 0; a < all.size(); a++) slot[i][all[a]] = a;
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

// Rows of a table at which the other inputs than ``j`` form the number ``p`` and input j is ``v``.
static inline int row_of(int p, int j, int v) {
    return (p & ((1 << j) - 1)) | (v << j) | ((p >> j) << (j + 1));
}

// Sums of the differences by row of the table, and by candidate.
template <int K>
struct Bins {
    int count;                    // candidates of a slot
    Floats sums[1 << K], squares[1 << K];
    std::vector<Floats> others;   // [slot][candidate][2**(K-1)]: where the candidate is 1

    explicit Bins(int count) : count(count), others((size_t)K * count << (K - 1)) { clear(); }

    void clear() {
        for (int i = 0; i < 1 << K; i++) sums[i] = squares[i] = all(0);
        for (Floats &sum : others) sum = all(0);
    }

    void add(const float *g, const Word *const *inputs, const Word *const *candidates, int words) {
        for (int w = 0; w < words; w++) {
            Word masks[1 << K];
            minterms<K>(inputs, -1, w, masks);
            for (int part = 0; part < 4; part++) {
                Floats x = load(g + w * 64 + part * LANES), square = x * x;
                for (int i = 0; i < 1 << K; i++) {
                    add_only(sums[i], x, lanes(masks[i], part));
                    add_only(squares[i], square, lanes(masks[i], part));
                }
            }
        }
        for (int j = 0; j < K; j++)
            for (int c = 0; c < count; c += 2) {
                int other = c + 1 < count ? c + 1 : c;
                add_candidates(g, inputs, j, candidates[j * count + c],
                               candidates[j * count + other], words, c, other);
            }
    }

    void add_candidates(const float *g, const Word *const *inputs, int j, const Word *first,
                        const Word *second, int words, int c, int other) {
        constexpr int HALF = 1 << (K - 1);
        Floats one[HALF], two[HALF];
        Floats *to = &others[(size_t)(j * count + c) * HALF];
        Floats *also = &others[(size_t)(j * count + other) * HALF];
        for (int i = 0; i < HALF; i++) { one[i] = to[i]; two[i] = also[i]; }
        for (int w = 0; w < words; w++) {
            Word masks[1 << K];
            minterms<K>(inputs, j, w, masks);
            for (int part = 0; part < 4; part++) {
                Floats x = load(g + w * 64 + part * LANES);
                unsigned a = lanes(first[w], part), b = lanes(second[w], part);
                for (int i = 0; i < HALF; i++) {
                    Floats here = only(x, lanes(masks[i], part));
                    add_only(one[i], here, a);
                    add_only(two[i], here, b);
                }
            }
        }
        for (int i = 0; i < HALF; i++) to[i] = one[i];
        if (other != c) for (int i = 0; i < HALF; i++) also[i] = two[i];
    }

    // Masks of the images whose inputs, without number ``left`` (-1: all), form each number.
    template <int N>
    static void minterms(const Word *const *inputs, int left, int w, Word *masks) {
        int made = 1;
        masks[0] = ~(Word)0;
        for (int j = 0; j < N; j++) {
            if (j == left) continue;
            Word x = inputs[j][w];
            for (int i = 0; i < made; i++) {
                masks[i + made] = masks[i] & x;
                masks[i] &= ~x;
            }
            made *= 2;
        }
    }
};

template <int K>
static void descend(Descent &net, int layer, const int32_t *order, int turns,
                    const int32_t *candidates, int count, float table_bound, float wire_bound,
                    int32_t *changes) {
    Layer &own = net.layers[layer];
    Cone cone(net, layer);
    Bins<K> bins(count);
    std::vector<float> g((size_t)CHUNK * 64);
    std::vector<const Word *> pool((size_t)K * count), here((size_t)K * count);
    float sums[1 << K], squares[1 << K], others[1 << (K - 1)];
    for (int turn = 0; turn < turns; turn++) {
        int n = order[turn];
        cone.of(n);
        if (cone.last().empty()) continue;
        int32_t *wires = own.wires + (size_t)n * K;
        uint8_t *table = own.tables + ((size_t)n << K);
        Word *row = own.rows + (size_t)n * net.words;
        const Word *inputs[K], *part[K];
        for (int j = 0; j < K; j++) inputs[j] = net.row(layer, wires[j]);
        const int32_t *offered = candidates + (size_t)n * K * count;
        for (int c = 0; c < K * count; c++) pool[c] = net.row(layer, offered[c]);
        bins.clear();
        for (int first = 0; first < net.words; first += CHUNK) {
            int words = net.words - first < CHUNK ? net.words - first : CHUNK;
            differences(net, cone, row, first, words, g.data());
            for (int j = 0; j < K; j++) part[j] = inputs[j] + first;
            for (int c = 0; c < K * count; c++) here[c] = pool[c] + first;
            bins.add(g.data(), part, here.data(), words);
        }
        write_totals(bins.sums, 1 << K, sums);
        write_totals(bins.squares, 1 << K, squares);
        double base = 0, square = 0;
        for (int i = 0; i < 1 << K; i++) {
            base += sums[i] < 0 ? sums[i] : 0;
            square += squares[i];
        }
        double best = base;
        int slot = -1, wire = 0;
        float chosen[1 << K];
        for (int j = 0; j < K; j++)
            for (int c = 0; c < count; c++) {
                write_totals(&bins.others[(size_t)(j * count + c) << (K - 1)], 1 << (K - 1), others);
                float split[1 << K];
                double value = 0;
                for (int p = 0; p < 1 << (K - 1); p++) {
                    float both = sums[row_of(p, j, 0)] + sums[row_of(p, j, 1)];
                    float one = others[p], zero = both - one;
                    split[row_of(p, j, 1)] = one;
                    split[row_of(p, j, 0)] = zero;
                    value += (one < 0 ? one : 0) + (zero < 0 ? zero : 0);
                }
                if (value < best) {
                    best = value;
                    slot = j;
                    wire = offered[j * count + c];
                    memcpy(chosen, split, sizeof chosen);
                }
            }
        bool moved = slot >= 0 && base - best > (wire_bound + TRIFLE) * sqrt(square);
        bool changed = false;
        for (int i = 0; i < 1 << K; i++) {
            float sum = moved ? chosen[i] : sums[i];
            float bound = TRIFLE * sqrt(square) + (moved ? 0 : table_bound * sqrtf(squares[i]));
            uint8_t bit = sum < -bound ? 1 : sum > bound ? 0 : table[i];
            changed |= bit != table[i];
            table[i] = bit;
        }
        if (!moved && !changed) continue;
        if (moved) {
            wires[slot] = wire;
            inputs[slot] = net.row(layer, wire);
        }
        changes[0] += changed;
        changes[1] += moved;
        replace(net, cone, inputs, table, K);
    }
}

#define BY_INPUTS(k, call) \
    switch (k) { \
    case 1: call(1) break; \
    case 2: call(2) break; \
    case 3: call(3) break; \
    case 4: call(4) break; \
    case 5: call(5) break; \
    case 6: call(6) break; \
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
                      float table_bound, float wire_bound, int32_t *changes) {
    Descent net{words, classes, neurons[depth - 1] / classes, inputs, {}, members, heat,
                expf(heat), expf(-heat), {}, {}};
    for (int i = 0; i < depth; i++)
        net.layers.push_back(Layer{ks[i], neurons[i], wires[i], tables[i], rows[i]});
    net.weigh();
#define CALL(K) descend<K>(net, layer, order, turns, candidates, count, table_bound, wire_bound, \
                            changes);
    BY_INPUTS(ks[layer], CALL)
#undef CALL
}

}
