"""Dense layers and scores in C: words, index lists or code for an image, adders for many."""

import numpy as np

from ...bits import pack
from ...layer.dense import Dense
from ...layer.scores import Scores
from ..adders import count, fires
from ..lanes import functions
from ..lists import LIST_LIMIT, lists
from ..part import CODE, SMALL, Code, Part, Table, index_type


LOGIC_LIMIT = 512  # most synapses of a neuron that is logic on lanes
FIELDS = (8, 16, 32)  # lanes of a class's count, a divisor of 64


class WeightedCode(Code):
    """Base of the code of dense layers and scores."""

    def way(self, layer, options):
        """Return the way to compute the layer for one image: words, lists or code."""
        if (layer.weights != 0).all() or layer.fan_in.max() > LIST_LIMIT:
            return "words"
        if options.sparse != "auto":
            return options.sparse
        words = -(-layer.inputs // options.word_bits)
        if options.prefer == SMALL:
            packed = layer.outputs * words * options.word_bits // 4
            return "words" if packed <= 2 * layer.synapses + 4 * layer.outputs else "lists"
        packed = 1.5 * words * options.word_cost  # a mask beside each word
        return "words" if packed <= layer.fan_in.mean() else "lists"

    def logic(self, layer):
        return layer.synapses if layer.fan_in.max() <= LOGIC_LIMIT else None

    def float_outputs(self, layer):
        return layer.outputs

    def reads(self, layer):
        return (layer.weights != 0).any(axis=0)

    def packed(self, layer, options, kernel, constant):
        """Return the part that counts in words of packed weights."""
        words = -(-layer.inputs // options.word_bits)
        masked = not (layer.weights != 0).all()
        weights = Table(f"table_{layer.name}_weights", "word",
                        packed_weights(layer.weights, masked, options))
        call = (f"pack({{x}}, {layer.inputs}, memory->words);\n"
                f"{kernel}(memory->words, {words}, {weights.name}, {masked:d}, {constant.name}, "
                f"{layer.outputs}, {{y}});")
        return Part(call, ("pack", "differ", kernel), (weights, constant), words=words,
                    spare=-layer.outputs % options.group)

    def listed(self, layer, kernel, constant):
        """Return the part that adds the inputs of lists."""
        index = index_type(layer.inputs)
        tables = lists(layer.name, layer.weights, index, constant)
        arguments = ", ".join(table.name for table in tables)
        return Part(f"{kernel}_list_{index}_uint8({{x}}, {arguments}, {layer.outputs}, {{y}});",
                    (f"sum {index} uint8", f"{kernel}_list {index} uint8"), tables)


def packed_weights(weights, masked, options):
    """Return weights as words, in the order of the kernel ``differ``.

    Parameters
    ----------
    weights : ndarray of int8, shape (neurons, inputs)
        Weights of a layer.
    masked : bool
        Whether words that have a 1 for each synapse follow the words of weights.
    options : sw.c.part.Options
        Bits of a word, and neurons of a group.

    Returns
    -------
    ndarray of uint64, shape (groups, words, 1 or 2, neurons of a group)
    """
    padded = np.zeros((-(-len(weights) // options.group) * options.group, weights.shape[1]),
                      np.int8)
    padded[:len(weights)] = weights
    planes = [padded > 0, padded != 0] if masked else [padded > 0]
    words = np.stack([pack(plane.view(np.uint8), options.word_bits) for plane in planes])
    planes, neurons, length = words.shape
    grouped = words.reshape(planes, neurons // options.group, options.group, length)
    return grouped.transpose(1, 3, 0, 2)


def summed(weights):
    """Return the C expression of the inputs of positive weights minus those of negative ones."""
    plus = "".join(f" + x[{index}]" for index in np.flatnonzero(weights > 0))
    minus = "".join(f" - x[{index}]" for index in np.flatnonzero(weights < 0))
    return f"{plus}{minus}".removeprefix(" + ").strip() or "0"


def straight(layer, target, statements):
    """Return the part of straight-line code: a function of ``x`` and ``y``."""
    name = f"code_{layer.name}"
    body = "\n".join(f"    {line}" for line in statements)
    text = (f"static void {name}(const uint8_t *restrict x, {target} *restrict y)\n"
            f"{{\n{body}\n}}\n")
    return Part(f"{name}({{x}}, {{y}});", (), (), text)


class DenseCode(WeightedCode):
    """Neurons with thresholds."""

    def image(self, layer, options):
        way = self.way(layer, options)
        if way == "words":
            room = np.full(-(-layer.outputs // options.group) * options.group, -1)
            room[:layer.outputs] = layer.fan_in - layer.thresholds
            return self.packed(layer, options, "fire",
                               Table(f"table_{layer.name}_room", "limit", room))
        least = layer.thresholds - (layer.weights < 0).sum(axis=1)
        if way == "lists":
            return self.listed(layer, "fire", Table(f"table_{layer.name}_least", "limit", least))
        return straight(layer, "uint8_t", [
            f"y[{neuron}] = {self.fires(layer, neuron, least[neuron])};"
            for neuron in range(layer.outputs)])

    def fires(self, layer, neuron, least):
        """Return the C expression of a neuron; compilers warn of comparisons that are constant."""
        if not 0 < layer.thresholds[neuron] <= layer.fan_in[neuron]:
            return f"{int(layer.thresholds[neuron] == 0)}"
        return f"(uint8_t)({summed(layer.weights[neuron])} >= {least})"

    def slices(self, layer, read):
        bodies = [fires(layer.weights[neuron], int(layer.thresholds[neuron]), f"y[{neuron}]")
                  for neuron in np.flatnonzero(read).tolist()]
        text, call = functions(f"slice_{layer.name}", bodies)
        return Part(call, (), (), text)


class ScoresCode(WeightedCode):
    """A count a class, doubled, and a constant."""

    def image(self, layer, options):
        way = self.way(layer, options)
        best = Table(f"table_{layer.name}_best", "int32_t", layer.fan_in + layer.bias)
        if way == "words":
            return self.packed(layer, options, "score", best)
        constant = 2 * (layer.weights < 0).sum(axis=1) - layer.fan_in + layer.bias
        if way == "lists":
            return self.listed(layer, "score",
                               Table(f"table_{layer.name}_constant", "int32_t", constant))
        return straight(layer, "int32_t", [
            f"y[{neuron}] = 2 * ({summed(weights)}) + ({constant[neuron]});"
            for neuron, weights in enumerate(layer.weights)])

    def slices(self, layer, read):
        bits = next(bits for bits in FIELDS if layer.fan_in.max() < 2**bits)
        constant = Table(f"table_{layer.name}_constant", "int32_t", layer.bias - layer.fan_in)
        bodies = [count(weights, [f"y[{place}]" for place in range(row * bits, (row + 1) * bits)])
                  for row, weights in enumerate(layer.weights)]
        text, call = functions(f"slice_{layer.name}", bodies)
        lanes = layer.outputs * bits
        call = (f"static THREAD lane counts[{lanes}];\n{call.format(x='{x}', y='counts')}\n"
                f"count_scores(counts, {bits}, {constant.name}, {layer.outputs}, images, {{y}});")
        return Part(call, ("transpose", "count_scores"), (constant,), text)


CODE.register(Dense)(DenseCode())
CODE.register(Scores)(ScoresCode())
