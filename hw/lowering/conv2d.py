# amaranth: UnusedElaboratable=no
"""Hardware of convolutions: a window in front of wired neurons, or in front of lanes."""

from math import ceil

from sw.layer.conv2d import Conv2d

from ..lower import LOWER
from ..memo import memo
from ..plan.schedule import Scheduled, Wired
from ..stage.balance import MOST_POSITIONS, lanes_for, row_lanes_for
from ..stage.geometry import Geometry
from ..stage.lanes import planes_of
from ..stage.rowlanes import check_rows, row_resources
from ..stage.rowmvtu import RowMVTU
from ..stage.sharedmvtu import SharedMVTU, shared_resources
from ..stage.slidingwindow import SlidingWindow, window_resources
from ..stage.spram import SPRAM_DEPTH
from ..wired.conv2d import WiredConv2d, wired_conv2d_resources
from .streamed import LowerStreamed
from .weighted import BLOCK_RAM


class LowerConv2d(LowerStreamed):
    """Hardware of a convolution of bits."""

    def vector(self, layer):
        return layer.dense

    def words(self, layer, mode, width):
        if isinstance(mode, Wired):
            return layer.channels * layer.taken_bits, layer.made
        if mode.rows:
            return mode.simd // layer.kernel[1], mode.pe
        return _window_words(layer, mode.simd)[0], mode.pe

    def interval(self, layer, mode, width):
        if isinstance(mode, Wired):
            return self.fastest(layer)
        lanes = ceil(layer.vectors / mode.positions) * mode.interval(layer.dense)
        if mode.rows:
            return max(lanes, layer.inputs // self.words(layer, mode, width)[0])
        return max(lanes, _window_words(layer, mode.simd)[1])

    def streamed(self, layer, mode, width):
        return WiredConv2d(layer, mode)

    def streamed_resources(self, layer, mode, width, family):
        return wired_conv2d_resources(layer, mode, family)

    def stages(self, layer, mode, width):
        if isinstance(mode, Wired):
            return super().stages(layer, mode, width)
        if mode.rows:
            return {layer.name: self.scheduled(layer, mode)}
        return {f"window_{layer.name}": SlidingWindow(layer, simd=mode.simd),
                layer.name: self.scheduled(layer, mode)}

    def check_rows(self, layer, mode):
        check_rows(layer, mode.simd, mode.positions)

    def scheduled(self, layer, mode):
        if mode.rows:
            return RowMVTU(layer, pe=mode.pe, simd=mode.simd, rom=mode.rom)
        if mode.positions > 1:
            return SharedMVTU(layer.dense, pe=mode.pe, simd=mode.simd, rom=mode.rom,
                              positions=mode.positions, vectors=layer.vectors)
        lanes = LOWER.of(layer.dense).scheduled(layer.dense, mode)
        lanes.vectors = layer.vectors
        return lanes

    def scheduled_resources(self, layer, mode, family):
        if mode.rows and family != "ice40":
            raise ValueError(f"Rows of layer {layer.name!r} must be false on {family}: only block "
                             f"RAM of iCE40 is written bit by bit")
        if mode.rows:
            return row_resources(layer, mode.pe, mode.simd, mode.rom, family)
        return _scheduled_resources(layer, mode, family)

    def stored_bits(self, layer):
        return layer.weights.size * planes_of(layer.dense)

    def candidates(self, layer, interval, wired, device):
        fits = interval >= self.fastest(layer) and self.fits_wired(layer, device)
        modes = [wired] if fits else []
        shared = min(MOST_POSITIONS, self.most_positions(layer))
        choices = [(*lanes, False) for lanes in lanes_for(layer, interval, shared)]
        if device.family == "ice40":  # its block RAM is written bit by bit
            choices += [(*lanes, True) for lanes in self.row_lanes(layer, interval)]
        for pe, simd, positions, rows in choices:
            roms = [BLOCK_RAM[device.family], "distributed"]
            if device.sprams and Scheduled(pe, simd).interval(layer.dense) <= SPRAM_DEPTH:
                roms.append("spram")
            modes += [Scheduled(pe, simd, rom, positions, rows) for rom in roms]
        return modes

    def row_lanes(self, layer, interval):
        """Return the lanes that compute the windows of a row at once, as :func:`row_lanes_for`."""
        return row_lanes_for(layer, interval)

    def fits_wired(self, layer, device):
        """Return whether a wired layer may fit, which saves the plans of thousands of neurons."""
        # A synapse takes about a LUT a bit. Lanes are smaller than half a device.
        return layer.synapses * layer.taken_bits < device.lut4 / 2

    def fastest(self, layer):
        return Geometry.of(layer).interval

    def slowest(self, layer):
        return max(self.fastest(layer), layer.vectors * layer.dense.inputs * layer.dense.outputs)


@memo
def _window_words(layer, simd):
    """Return the bits of a word that a sliding-window unit takes, and its cycles an image."""
    window = SlidingWindow(layer, simd=simd)
    return window.width, window.interval


@memo
def _scheduled_resources(layer, mode, family):
    """Return the estimated resources of a window and its lanes."""
    window = window_resources(SlidingWindow(layer, simd=mode.simd), family)
    if mode.positions > 1:
        return window + shared_resources(layer.dense, mode.pe, mode.simd, mode.positions,
                                         layer.vectors, mode.rom, family)
    return window + LOWER.of(layer.dense).scheduled_resources(layer.dense, mode, family)


LOWER.register(Conv2d)(LowerConv2d())
