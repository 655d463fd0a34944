# amaranth: UnusedElaboratable=no
"""Hardware of look-up layers: wired only."""

from sw.layer.lookup import Lookup

from ..lower import LOWER, Lowering
from ..wired.lookup import LookupLayer, lookup_resources


class LowerLookup(Lowering):
    """Hardware of truth tables: each input of each LUT4 is another wire."""

    crowded = True

    def wired(self, layer, mode):
        return LookupLayer(layer, mode)

    def wired_latency(self, layer, mode):
        return 1 + mode.hops

    def wired_resources(self, layer, mode, family, seen):
        return lookup_resources(layer, mode, family, seen)


LOWER.register(Lookup)(LowerLookup())
