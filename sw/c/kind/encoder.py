"""Encoder in C: pixels against thresholds."""

from ...layer.encoder import Encoder
from ..part import CODE, Code, Part, Table


class EncoderCode(Code):
    """Comparisons, with one threshold for all pixels where that is enough."""

    def image(self, layer, options):
        thresholds = layer.thresholds
        uniform = bool((thresholds == thresholds[0]).all())
        if uniform and layer.levels == 1:
            return Part(f"encode_one({{x}}, {layer.inputs}, {thresholds[0, 0]}, {{y}});",
                        ("encode_one",))
        table = Table(f"table_{layer.name}_levels", "level",
                      thresholds[0] if uniform else thresholds)
        step = 0 if uniform else layer.levels
        return Part(f"encode({{x}}, {layer.inputs}, {table.name}, {layer.levels}, {step}, {{y}});",
                    ("encode",), (table,))


CODE.register(Encoder)(EncoderCode())
