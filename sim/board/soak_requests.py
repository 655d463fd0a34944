"""Requests of a soak test: what is asked, what the answer must be, and what became of all."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from sw.golden import Model
from sw.host import expected_report
from sw.line.client import Client
from sw.line.protocol import ErrorCode, Frame, ProtocolError, Type


RESETS = 0.003  # share of requests before which the host is started anew
STARTS = 50     # hosts that may fail to reach the board, one after the other
POOL = 4096     # images to choose from


@dataclass
class Tally:
    """Outcomes of requests: each is answered right, wrong, or ends in an explicit error.

    ``explicit_errors`` are requests that the host gave up, with a :class:`ProtocolError` that says
    so; ``lost`` those after which the board did not answer over a line without faults either.
    """

    frames: int = 0
    answers_right: int = 0
    explicit_errors: int = 0
    retries: int = 0
    wrong: int = 0
    lost: int = 0
    cycles: int = 0
    faults: Counter = field(default_factory=Counter)
    requests: Counter = field(default_factory=Counter)
    notes: list = field(default_factory=list)

    @property
    def passed(self):
        """Whether nothing was wrong or lost, and nothing is unaccounted for."""
        return (not self.wrong and not self.lost
                and self.answers_right + self.explicit_errors == self.frames)


class Conversation:
    """Requests through the host's driver, over a line with faults, to a simulated board.

    Parameters
    ----------
    top : boards.top.Top
        The board.
    line : sim.board.octetboard.Line
        The line to it, running.
    rng : random.Random
        What is asked, and when the host is started anew.
    tally : Tally
        Where results go.
    """

    def __init__(self, top, line, rng, tally):
        self.top = top
        self.line = line
        self.rng = rng
        self.tally = tally
        network = top.network
        self.images = np.random.default_rng(rng.getrandbits(32)).integers(
            256, size=(POOL, *network.input_shape), dtype=np.uint8)
        model = Model(network)
        self.labels, self.scores = model.labels(self.images), model.scores(self.images)
        self.rom_labels = model.labels(top.images)
        self.client = None
        self._connect()

    def run(self, requests, progress=lambda count: None):
        """Send requests; stop early when the board answers no more."""
        for count in range(1, requests + 1):
            if self.tally.lost:
                break
            self.request()
            if count % 200 == 0 or count == requests:
                progress(count)
        else:
            self._probe()
        self.tally.retries += self.client.retries if self.client else 0
        self.tally.cycles += self.line.cycles
        self.tally.faults.update(self.line.faults.counts)

    def request(self):
        """Ask something, and count what came of it."""
        if self.rng.random() < RESETS:
            self._restart()
            if self.tally.lost:
                return
        ask = self.rng.choices((self._classify, self._identify, self._benchmark, self._refused),
                               (91, 3, 3, 3))[0]
        self.tally.frames += 1
        self.tally.requests[ask.__name__.strip("_")] += 1
        try:
            self._judge(ask(), ask.__name__)
        except ProtocolError as error:
            if "must answer" not in str(error):  # a right request was refused
                self._judge(False, f"{ask.__name__}: {error}")
                return
            self.tally.explicit_errors += 1
            self._probe()

    def _judge(self, right, what):
        self.tally.answers_right += right
        self.tally.wrong += not right
        if not right and len(self.tally.notes) < 10:
            self.tally.notes.append(f"request {self.tally.frames}, {what.strip('_')}: wrong")

    def _classify(self):
        start = self.rng.randrange(POOL - 3)
        part = slice(start, start + self.rng.randint(1, 3))
        labels, scores = self.client.classify(self.images[part])
        return ((labels == self.labels[part]).all() and (scores == self.scores[part]).all()).item()

    def _identify(self):
        return self.client.request(Type.IDENTIFY, b"", seconds=0) == self.top.info.encode()

    def _benchmark(self):
        count = self.rng.randint(1, 40)
        report = self.client.benchmark(count)
        return ((report.histogram, report.checksum) == expected_report(self.rom_labels, count, 3)
                and report.cycles == self.top.info.cycles(count))

    def _refused(self):
        """Ask what the board must refuse, and how it must say so."""
        kind, payload, code = self.rng.choice((
            (Type.CLASSIFY, b"", ErrorCode.WRONG_LENGTH),
            (Type.CLASSIFY, b"abc", ErrorCode.WRONG_LENGTH),
            (Type.IDENTIFY, b"~", ErrorCode.WRONG_LENGTH),
            (Type.BENCHMARK, bytes(4), ErrorCode.WRONG_COUNT),
            (Type.ERROR, b"}", ErrorCode.UNKNOWN_TYPE)))
        try:
            self.client.request(kind, payload, seconds=0)
        except ProtocolError as error:
            if "must answer" in str(error):
                raise
            return str(error).endswith(f"must take {kind.name} requests: it answers {code.name}")
        return False

    def _restart(self):
        """Stop the host while it sends a request, or behind it, and start another."""
        frame = Frame(Type.CLASSIFY, self.rng.randrange(256), self.rng.randbytes(4)).encode()
        whole = self.rng.random() < 0.5
        self.line.write(frame if whole else frame[:self.rng.randrange(1, len(frame))])
        self.tally.faults["host reset while the board answers" if whole
                          else "host reset in a frame"] += 1
        self._connect()

    def _connect(self):
        """Start a host: it asks who is there."""
        self.tally.retries += self.client.retries if self.client else 0
        for _ in range(STARTS):
            try:
                self.client = Client(self.line, clock=self.line)
            except ProtocolError:
                continue
            if self.client.info != self.top.info:
                self.tally.wrong += 1
            return
        self._lose(f"none of {STARTS} hosts heard of the board")

    def _probe(self):
        """Ask over a line without faults: the answer must be there."""
        self.line.faults.on = False
        try:
            if not self._classify():
                self.tally.wrong += 1
        except ProtocolError as error:
            self._lose(f"no answer after it: {error}")
        self.line.faults.on = True

    def _lose(self, why):
        self.tally.lost += 1
        self.tally.notes.append(f"request {self.tally.frames}: {why}")
