# amaranth: UnusedElaboratable=no
"""The accelerator: the stages of a folded network in a row, as a schedule says."""

from itertools import groupby
from math import ceil

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .lower import LOWER, entry, with_mode
from .plan.schedule import Wired
from .plan.simplify import built
from .plan.timing import answers_early, latency
from .stage.labelselect import LabelSelect, answer_layout
from .stage.spram import SPRAM_WIDTH
from .stream.credit import Dataflow
from .stream.width import Conversion, WidthConverter
from .wired.pipeline import WiredPipeline


__all__ = ["Accelerator"]


ANSWERS = 2**16 - 1  # far more images than an accelerator of several beats an image holds
SELECT_CYCLES = 16   # more than a label takes behind the last score


class Accelerator(wiring.Component):
    """A folded network as hardware: images in, labels and scores out.

    The interval between two images and the latency from an image's last beat to its answer, both
    in cycles and exact, are :attr:`interval` and :attr:`latency`.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        Network to compute.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of each layer is computed per cycle.

    Members
    -------
    i : In(stream.Signature(pixels * pixel_bits))
        Beats of ``schedule.pixels`` pixels, each ``pixel_bits`` wide: a pixel shifted right by the
        first layer's ``shift``. The first pixel is the lowest. The unused pixels of an image's
        last beat may have any value.
    o : Out(stream.Signature(answer_layout(classes, score_bits)))
        Label, and the score of each class.
    weights : In(stream.Signature(16))
        Only if some layers have their weights in SPRAM, or loaded: the words :attr:`load`. Weights
        in SPRAM come before the first image: no image is taken until all words have come. A load
        may begin again after the last word, while no image is inside.
    """

    def __init__(self, network, schedule):
        schedule.check(network)
        self.network = network
        self.schedule = schedule
        self.input_width = schedule.pixels * network.pixel_bits
        self.beats = ceil(network.inputs / schedule.pixels)
        self.stages = stages(network, schedule)
        self.interval = schedule.interval(network)
        self.latency = latency(self.stages, self.beats)
        self.holds_back = (any(LOWER.of(layer).streams for layer in network.layers)
                           and answers_early(self.stages, self.beats))
        self.loaded = [stage for stage in self.stages.values() if stage.load]
        self.preset = all(stage.preset for stage in self.loaded)
        if not self.preset and any(stage.preset for stage in self.loaded):
            raise ValueError("Weights must be in SPRAM or loaded, not both: the schedule has "
                             "layers of either rom (give all of them one)")
        super().__init__({
            "i": In(stream.Signature(self.input_width)),
            "o": Out(stream.Signature(answer_layout(network.classes,
                                                    network.score_bits))),
            **({"weights": In(stream.Signature(SPRAM_WIDTH))} if self.loaded else {}),
        })

    @property
    def load(self):
        """Words to load before the first image, a list of int, layer by layer."""
        return [word for stage in self.loaded for word in stage.load]

    def elaborate(self, platform):
        m = Module()
        m.submodules.stages = flow = Dataflow(self.stages)
        if self.holds_back:
            self._hold_back(m, flow.o)
        else:
            wiring.connect(m, flow.o, wiring.flipped(self.o))
        if not self.loaded:
            wiring.connect(m, wiring.flipped(self.i), flow.i)
            return m
        loaded = self._load(m)
        m.d.comb += [flow.i.payload.eq(self.i.payload), flow.i.valid.eq(self.i.valid & loaded),
                     self.i.ready.eq(flow.i.ready & loaded)]
        return m

    def _hold_back(self, m, answers):
        """Connect the answers, each only when its image's last beat has been taken.

        Windows and pools may leave the last positions of an image out, and what feeds the
        accelerator expects no answer to an image that has not come.
        """
        beat = Signal(range(self.beats))
        owed = Signal(range(ANSWERS + 1))
        taken, whole, given = Signal(), Signal(), Signal()
        m.d.comb += taken.eq(self.i.valid & self.i.ready)
        m.d.comb += whole.eq(taken & (beat == self.beats - 1))
        m.d.comb += given.eq(self.o.valid & self.o.ready)
        with m.If(taken):
            m.d.sync += beat.eq(Mux(whole, 0, beat + 1))
        m.d.sync += owed.eq(owed + whole - given)
        m.d.comb += self.o.payload.eq(answers.payload)
        m.d.comb += self.o.valid.eq(answers.valid & (owed != 0))
        m.d.comb += answers.ready.eq(self.o.ready & (owed != 0))

    def _load(self, m):
        """Hand the words of weights to one stage after the other; return whether all have come."""
        loaded = Signal(init=self.preset)
        turn = Signal(range(len(self.loaded)))
        m.d.comb += self.weights.ready.eq(1)
        for index, stage in enumerate(self.loaded):
            here = Signal(name=f"load_{index}")
            m.d.comb += here.eq(self.weights.valid & (turn == index))
            m.d.comb += [stage.weights.payload.eq(self.weights.payload),
                         stage.weights.valid.eq(here)]
            with m.If(here & stage.last_weight):
                m.d.sync += turn.eq((index + 1) % len(self.loaded))
                m.d.sync += loaded.eq(loaded | (index == len(self.loaded) - 1))
        return loaded


def stages(network, schedule):
    """Return the stages of an accelerator in order, by name.

    A width converter stands wherever the widths of two neighbours differ. A stage of one layer has
    the layer's name. An encoder stands in front of the layers that have a mode. Where an image
    comes in one beat in front of wired layers, the encoder is the head of their pipeline, because
    a handshake would have to stop all bits of the image.

    Raises
    ------
    ValueError
        If two stages have the same name.
    """
    first, layers = network.first, with_mode(built(network))
    head = (None if LOWER.of(first).has_mode
            else LOWER.of(first).beats(first, schedule.pixels))
    free_running = (head and head.beats == 1 and not head.is_wire
                    and _in_pipeline(layers[0], schedule))
    result = {}

    def add(name, stage):
        if name in result:
            raise ValueError(f"Names of stages must differ: {name!r} is there twice (rename a "
                             f"layer)")
        result[name] = stage

    if head and not free_running:
        add(first.name, head)
    bits, width = entry(network, schedule.pixels)
    position = width  # bits after which a word begins anew

    def connect(name, to_width):
        whole = width
        if position % width:  # the last word of each position is filled up
            whole = position
            add(f"to_position_{name}", WidthConverter(bits=position, i_width=width,
                                                      o_width=position))
        if not Conversion(bits, whole, to_width).is_wire:
            add(f"to_{name}", WidthConverter(bits=bits, i_width=whole, o_width=to_width))

    for joined, group in groupby(layers, lambda layer: _in_pipeline(layer, schedule)):
        group = list(group)
        modes = [schedule.layers[layer.name] for layer in group]
        if joined:
            name = group[0].name
            connect(name, group[0].takes.width)
            add(f"wired_{name}", WiredPipeline(
                group, modes, first if free_running and not result else None))
            bits = width = position = group[-1].gives.width
            continue
        for layer, mode in zip(group, modes, strict=True):
            lower = LOWER.of(layer)
            takes, gives = lower.words(layer, mode, width)
            connect(layer.name, takes)
            for name, stage in lower.stages(layer, mode, width).items():
                add(name, stage)
            bits, width, extents = layer.outputs, gives, layer.gives.extents
            position = extents[-1] if len(extents) > 1 else width
    if not joined:
        add("label_select", LabelSelect(network.classes, network.score_bits, pe=width,
                                        queued=not _rests(network, schedule, width)))
    return result


def _rests(network, schedule, pe):
    """Return whether label select has time to give an answer away before the next scores come.

    Networks without a feature map keep the queue that they were built with.
    """
    words = ceil(network.classes / pe)
    return (any(LOWER.of(layer).streams for layer in network.layers)
            and schedule.interval(network) > 2 * (words + SELECT_CYCLES))


def _in_pipeline(layer, schedule):
    """Return whether a layer is wired and joins its neighbours in one pipeline."""
    return isinstance(schedule.layers[layer.name], Wired) and not LOWER.of(layer).streams
