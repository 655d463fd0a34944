# amaranth: UnusedElaboratable=no
"""A wired convolution: a window in front of the layer that every window goes through."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from ..count.popcount import Delays
from ..lower import LOWER
from ..plan.simplify.reduction import REDUCE, VARIES
from ..stage.geometry import Geometry
from ..stage.window import Window, window_resources
from ..stage.windowmodel import WindowModel, last_window
from ..stream.credit import CreditQueue, queue_resources, queue_size
from ..stream.handshake import Queued
from ..stream.stage import Stage, StreamTap


__all__ = ["WiredConv2d", "wired_conv2d_resources"]


class Handshake(Queued):
    """Handshake of a wired convolution."""

    def __init__(self, conv):
        super().__init__(conv.queue_depth, conv.pipeline_latency)
        self.window = WindowModel(conv.window.geometry)

    def ready(self, o_ready):
        return self.window.ready

    def tick(self, i_transfer, o_transfer):
        starts = self.window.tick(i_transfer, self.credits > 0)
        self.credits -= starts
        self.move(starts, o_transfer)


class WiredConv2d(Stage):
    """A convolution whose synapses are logic: a window a cycle through a free-running pipeline.

    No signal stops the pipeline behind the window. A window starts only when the queue at the end
    has a slot for its result.

    The interval is ``height * width`` cycles a map exactly, the positions that come. Latency is
    :attr:`latency` cycles, from the last position of a lone map to its last result, and
    :attr:`pipeline_latency` cycles from the start of a window to its result. A result may come
    before positions that no window reads; the latency is then 1.

    Parameters
    ----------
    layer : :class:`sw.layer.window.Windowed`
        The layer, of bits or of integers.
    mode : :class:`hw.plan.schedule.Wired`
        How each neuron is built.

    Members
    -------
    i : In(stream.Signature(channels * taken_bits))
        The map position by position in raster order, the first channel lowest.
    o : Out(stream.Signature(neurons))
        The map of the outputs, position by position.
    """

    def __init__(self, layer, mode):
        self.layer = layer
        self.mode = mode
        self.window = Window(layer)
        self.neurons = LOWER.of(layer.dense).wired(layer.dense, mode)
        self.depth = Window.latency + self.neurons.latency
        self.queue_depth, queue_latency = queue_size(self.depth, 1)
        self.pipeline_latency = self.depth + queue_latency
        self.latency = max(1, last_window(self.window.geometry) + self.pipeline_latency)
        super().__init__({
            "i": In(stream.Signature(self.window.width)),
            "o": Out(stream.Signature(layer.made)),
        })

    def handshake(self):
        return Handshake(self)

    def resources(self, name, family, left):
        return {name: wired_conv2d_resources(self.layer, self.mode, family)}

    def taps(self, path):
        return [StreamTap(self.layer.name, path, "o", self.layer.vectors, self.layer.made)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.window = window = self.window
        m.submodules.neurons = neurons = self.neurons
        m.submodules.queue = queue = CreditQueue(self.layer.made, depth=self.queue_depth)
        connect(m, flipped(self.i), window.i)
        connect(m, queue.o, flipped(self.o))
        control = Delays(m, "valid", reset_less=False)

        # A window starts if the queue has a slot, and its result enters the queue.
        m.d.comb += [window.free.eq(queue.free), queue.reserve.eq(window.reserve)]
        m.d.comb += neurons.x.eq(window.x)
        m.d.comb += queue.push.eq(control.delay(window.valid, neurons.latency))
        m.d.comb += queue.payload.eq(neurons.y)
        return m


def wired_conv2d_resources(layer, mode, family):
    """Return the estimated resources of a wired convolution."""
    lower, dense = LOWER.of(layer.dense), layer.dense
    depth = Window.latency + lower.wired_latency(dense, mode)
    seen = REDUCE.of(dense).known(dense).value == VARIES
    return (window_resources(Geometry.of(layer), layer.channels * layer.taken_bits, family)
            + lower.wired_resources(dense, mode, family, seen)
            + queue_resources(family, queue_size(depth, 1)[0], layer.made))
