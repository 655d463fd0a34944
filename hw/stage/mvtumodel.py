"""Model of an MVTU's handshake, without its data."""

from ..stream.handshake import Queued


__all__ = ["Handshake"]


class Handshake(Queued):
    """Handshake of an MVTU."""

    def __init__(self, mvtu):
        super().__init__(mvtu.queue_depth, mvtu.latency - mvtu.interval)
        self.steps, self.passes = mvtu.steps, mvtu.passes
        self.full = 0
        self.arrived = self.step = self.done = 0

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
            self.done = (self.done + 1) % self.passes
            self.full -= self.done == 0
        if i_transfer:
            self.arrived = (self.arrived + 1) % self.steps
            self.full += self.arrived == 0
