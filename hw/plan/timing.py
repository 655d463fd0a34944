"""Predicts an accelerator's latency: a model of its handshakes, without the data."""

from collections import deque

from ..stage.encoder import ThermometerEncoder
from ..stage.labelselect import LabelSelect
from ..stage.mvtu import MVTU
from ..stream.width import WidthConverter
from ..wired.pipeline import WiredPipeline


__all__ = ["latency"]


class Buffer:
    """Handshake of a register between two streams."""

    def __init__(self, encoder):
        self.valid = False

    def ready(self, o_ready):
        return not self.valid or o_ready

    def tick(self, i_transfer, o_transfer):
        self.valid = i_transfer or (self.valid and not o_transfer)


class Converter:
    """Handshake of a width converter that collects, deals out, or does both."""

    def __init__(self, converter):
        self.form = converter.form
        self.bits = converter.bits
        self.i_width, self.o_width = converter.i_width, converter.o_width
        self.arrived = self.left = 0  # bits of this vector that came in, that are still to go out
        self.gone = 0
        self.level = 0

    @property
    def valid(self):
        return self.level >= self._need(self.gone, self.o_width) > 0

    def _need(self, done, width):
        return min(width, self.bits - done)

    def ready(self, o_ready):
        rest = self.level - (self._need(self.gone, self.o_width) if o_ready and self.valid else 0)
        if self.form == "gearbox":
            return rest <= self.o_width - 1
        if self.form == "down":
            return rest == 0
        return not self.valid or o_ready

    def tick(self, i_transfer, o_transfer):
        if o_transfer:
            given = self._need(self.gone, self.o_width)
            self.level -= given
            self.gone = (self.gone + given) % self.bits
        if i_transfer:
            taken = self._need(self.arrived, self.i_width)
            self.level += taken
            self.arrived = (self.arrived + taken) % self.bits


class Queued:
    """Handshake of a pipeline that ends in a :class:`hw.stream.credit.CreditQueue`."""

    def __init__(self, queue_depth, delay):
        self.credits = queue_depth
        self.delay = delay  # cycles from a start until its payload is seen
        self.coming = deque()
        self.cycle = self.filled = 0

    @property
    def valid(self):
        return self.filled > 0

    def move(self, starts, o_transfer):
        """Advance a cycle in which a payload may start, and one may leave."""
        self.cycle += 1
        if starts:
            self.coming.append(self.cycle + self.delay - 1)
        if self.coming and self.coming[0] == self.cycle:
            self.coming.popleft()
            self.filled += 1
        self.filled -= o_transfer
        self.credits += o_transfer


class Pipeline(Queued):
    """Handshake of a wired pipeline."""

    def __init__(self, pipeline):
        super().__init__(pipeline.queue_depth, pipeline.latency)

    def ready(self, o_ready):
        return self.credits > 0

    def tick(self, i_transfer, o_transfer):
        self.credits -= i_transfer
        self.move(i_transfer, o_transfer)


class Select(Queued):
    """Handshake of a label select."""

    def __init__(self, select):
        super().__init__(select.queue_depth, select.latency)
        self.words = select.words
        self.index = 0

    def ready(self, o_ready):
        return self.index > 0 or self.credits > 0

    def tick(self, i_transfer, o_transfer):
        self.credits -= i_transfer and self.index == 0
        self.move(i_transfer and self.index == self.words - 1, o_transfer)
        self.index = (self.index + i_transfer) % self.words


class Matrix(Queued):
    """Handshake of an MVTU."""

    def __init__(self, mvtu):
        super().__init__(mvtu.queue_depth, mvtu.latency - mvtu.interval)
        self.steps, self.folds = mvtu.synapse_folds, mvtu.neuron_folds
        self.full = 0
        self.arrived = self.step = self.fold = 0

    def ready(self, o_ready):
        return self.full < 2

    def tick(self, i_transfer, o_transfer):
        begins = self.step == 0 and self.full > 0 and self.credits > 0
        finished = False
        if begins or self.step > 0:
            self.credits -= begins
            finished = self.step == self.steps - 1
            self.step = (self.step + 1) % self.steps
        self.move(finished, o_transfer)
        if finished:
            self.fold = (self.fold + 1) % self.folds
            self.full -= self.fold == 0
        if i_transfer:
            self.arrived = (self.arrived + 1) % self.steps
            self.full += self.arrived == 0


MODELS = {ThermometerEncoder: Buffer, WidthConverter: Converter, WiredPipeline: Pipeline,
          LabelSelect: Select, MVTU: Matrix}


def latency(stages, beats):
    """Cycles from the last beat of an image to its answer, in an accelerator that was idle.

    Parameters
    ----------
    stages : dict of str to component
        Stages of the accelerator.
    beats : int
        Beats of an image, offered one per cycle.

    Returns
    -------
    int
        From the cycle in which the last beat is taken to the one in which the answer is valid.
    """
    models = [MODELS[type(stage)](stage) for stage in stages.values() if stage.latency > 0]
    sent = cycle = last_beat = 0
    while not models[-1].valid:
        readies = [True]
        for model in reversed(models):
            readies.append(model.ready(readies[-1]))
        readies.reverse()
        valids = [sent < beats, *(model.valid for model in models)]
        transfers = [valid and ready for valid, ready in zip(valids, readies, strict=True)]
        if transfers[0]:
            sent += 1
            last_beat = cycle
        for model, taken, given in zip(models, transfers, transfers[1:], strict=False):
            model.tick(taken, given)
        cycle += 1
    return cycle - last_beat
