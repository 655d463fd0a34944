"""Look-up layers in C: tables for one image, functions of lanes for many."""

import numpy as np

from ...layer.lookup import Lookup
from ..lanes import function_of, functions
from ..part import CODE, Code, Part, Table, index_type


class LookupCode(Code):
    """Rows of tables, or logic."""

    def image(self, layer, options):
        wires = layer.wires.shape[1]
        index, rows = index_type(layer.inputs), f"uint{max(8, 2**wires)}"
        packed = np.packbits(layer.tables, axis=1, bitorder="little")
        padded = np.zeros((layer.outputs, 8), np.uint8)
        padded[:, :packed.shape[1]] = packed
        name = f"table_{layer.name}"
        tables = (Table(f"{name}_wires", f"{index}_t", layer.wires),
                  Table(f"{name}_rows", f"{rows}_t", padded.view("<u8")[:, 0]))
        return Part(f"look_up_{rows}_{index}({{x}}, {tables[0].name}, {tables[1].name}, {wires}, "
                    f"{layer.outputs}, {{y}});", (f"look_up {index} {rows}",), tables)

    def slices(self, layer, read):
        name = f"slice_{layer.name}"
        bodies = [[f"y[{neuron}] = {function_of(layer.functions[neuron])};"]
                  for neuron in np.flatnonzero(read).tolist()]
        text, call = functions(name, bodies)
        return Part(call, (), (), text)

    def logic(self, layer):
        return layer.outputs

    def reads(self, layer):
        read = np.zeros(layer.inputs, bool)
        for function in layer.functions:
            read[list(function.inputs)] = True
        return read


CODE.register(Lookup)(LookupCode())
