"""Models of streams' handshakes without the data, to predict an accelerator's latency."""

from collections import deque


__all__ = ["SMALL_QUEUE", "Buffer", "Queued"]

# Slots of the deepest queue that reads its memory without a register and sees a freed slot at once.
# Block RAM cannot be read so.
SMALL_QUEUE = 4


class Buffer:
    """Handshake of a register between two streams."""

    def __init__(self):
        self.valid = False

    def ready(self, o_ready):
        return not self.valid or o_ready

    def tick(self, i_transfer, o_transfer):
        self.valid = i_transfer or (self.valid and not o_transfer)


class Queued:
    """Handshake of a pipeline that ends in a :class:`hw.stream.credit.CreditQueue`."""

    def __init__(self, queue_depth, delay):
        self.credits = queue_depth
        self.late = queue_depth > SMALL_QUEUE  # a freed slot is seen a cycle later
        self.returned = 0
        self.delay = delay  # cycles from the start of a payload until it is valid at the output
        self.coming = deque()
        self.cycle = self.filled = 0

    @property
    def valid(self):
        return self.filled > 0

    def move(self, starts, o_transfer):
        """Advance one cycle, in which a payload may start and another one may leave."""
        self.cycle += 1
        if starts:
            self.coming.append(self.cycle + self.delay - 1)
        if self.coming and self.coming[0] == self.cycle:
            self.coming.popleft()
            self.filled += 1
        self.filled -= o_transfer
        self.credits += self.returned if self.late else o_transfer
        self.returned = o_transfer
