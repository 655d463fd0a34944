"""Client of a board at the other end of a port: requests, answers, retries."""

import time
from dataclasses import replace
from itertools import count

import numpy as np

from .load import LoadShape, LoadStatus
from .protocol import (
    ANSWER,
    Deframer,
    ErrorCode,
    Frame,
    Info,
    ProtocolError,
    Report,
    Type,
    pack_images,
    unpack_results,
)


ATTEMPTS = 4
PATIENCE = 1.0   # s that the board may be silent, in addition to the time of its work
SLACK = 4        # factor on predicted times, for a virtual board on a busy computer
LOADING = 10.0   # s that a board may take to load its weights
PAUSE = 0.02     # s until the next request to a board that is loading

OFFSET = 4       # octets of the offset in a LOAD request

HALF_LOADED = ("Weights of board {!r} must be whole: a load was cut off or refused, and the board "
               "holds no network (load one: python -m sw.host load NETWORK)")

WEIGHTS = {
    ErrorCode.NO_WEIGHTS: "there are none",
    ErrorCode.OTHER_WEIGHTS: "they are of another network or schedule",
    ErrorCode.DAMAGED_WEIGHTS: "they are damaged",
}


class Refusal(ProtocolError):
    """An ERROR answer of a board; ``code`` is its :class:`.protocol.ErrorCode`."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class Client:
    """A board, asked through a port.

    Requests carry a sequence number. A request without an answer is sent again under the same
    number, because every request may be repeated. The client ignores answers to earlier requests,
    and damaged answers.

    Parameters
    ----------
    port : SerialPort
        Anything with ``write(octets)``, ``read(seconds)`` and ``path``.
    clock : module
        Anything with ``monotonic()`` and ``sleep(seconds)``, for a simulated line's own time.
    attempts : int or None
        How often a request is sent; None for :data:`ATTEMPTS`.
    patience : float or None
        Seconds that the board may be silent; None for :data:`PATIENCE`.

    Attributes
    ----------
    info : sw.line.protocol.Info
        The board's description of itself.
    retries : int
        Requests sent again so far.
    """

    def __init__(self, port, clock=time, *, attempts=None, patience=None):
        self.port = port
        self.clock = clock
        self.attempts = attempts or ATTEMPTS
        self.patience = patience or PATIENCE
        self.retries = 0
        self._deframer = Deframer()
        self._sequences = count()
        self._slowness = 1.0  # factor on the times that the board's own numbers predict
        payload = self.identify()
        lasted = self.clock.monotonic() - self._sent
        on_the_line = 10 * (len(payload) + 16) / self.info.baud
        self._slowness = max(1.0, lasted / on_the_line / 2)

    def classify(self, images):
        """Return labels, int64 (n,), and scores, int32 (n, classes), of images in any number."""
        labels, scores = [], []
        for start in range(0, len(images), self.info.max_images):
            batch = images[start:start + self.info.max_images]
            some_labels, some_scores = self._classify(batch)
            labels.append(some_labels)
            scores.append(some_scores)
        return np.concatenate(labels), np.concatenate(scores)

    def benchmark(self, images):
        """Return the :class:`sw.line.protocol.Report` of a run over ``images`` images."""
        if not 1 <= images <= self.info.max_benchmark:
            raise ValueError(f"Images of a benchmark must be in 1..{self.info.max_benchmark} on "
                             f"this board: {images}")
        payload = self.request(Type.BENCHMARK, images.to_bytes(4, "little"),
                               seconds=self.info.cycles(images) / self.info.clock_hz)
        self._check_length(payload, self.info.report_bytes, "BENCHMARK")
        return Report.decode(payload)

    def shape(self):
        """Return what can be loaded, a :class:`sw.line.load.LoadShape`."""
        try:
            payload = self.request(Type.DESCRIBE, b"", seconds=20 * 2048 / self.info.baud)
        except Refusal as error:
            if error.code != ErrorCode.UNKNOWN_TYPE:
                raise
            raise ProtocolError(f"Board {self.info.board!r} must take weights at run time: its "
                                f"layers have none of the rom 'loaded' (build its bitstream with "
                                f"a schedule that has)") from None
        try:
            return LoadShape.decode(payload)
        except ValueError as error:
            raise ProtocolError(str(error)) from None

    def load(self, network, path, bar=None):
        """Replace the board's network by another one of the same shape.

        Parameters
        ----------
        network : :class:`sw.network.Network`
            The network.
        path : path-like
            Its file, for messages.
        bar : optional
            Progress with ``total`` and ``update(octets)``.

        Raises
        ------
        ValueError
            If the network has another shape. The board keeps the one that it has.
        ProtocolError
            If the load fails. Then the board holds no network until another load succeeds.
        """
        shape = self.shape()
        shape.check(network, path)
        info = replace(self.info, identity=network.identity, labels=network.labels)
        text = info.encode()
        if len(text) > shape.text:
            raise ValueError(f"Names of classes of {path} must fit this board: its description "
                             f"would have {len(text)} octets, not {shape.text} (shorter labels)")
        octets = shape.encode_load(network, text)
        if bar is not None:
            bar.total = len(octets)
        size = max(1, self.info.max_images * self.info.image_bytes - OFFSET)
        for at in range(0, len(octets), size):
            chunk = octets[at:at + size]
            payload = self.request(Type.LOAD, at.to_bytes(OFFSET, "little") + chunk,
                                   seconds=20 * len(chunk) / self.info.baud)
            self._check_length(payload, 1 + OFFSET, "LOAD")
            status = LoadStatus(payload[0])
            ends = at + size >= len(octets)
            if status & ~LoadStatus.WHOLE != (0 if ends else LoadStatus.ACTIVE):
                raise ProtocolError(f"Board {self.info.board!r} must take the weights of {path}: "
                                    f"at octet {at:,} of {len(octets):,} it says {status!r} (load "
                                    f"again)")
            if bar is not None:
                bar.update(len(chunk))
        self.identify()
        if self.info.identity != network.identity:
            raise ProtocolError(f"Board {self.info.board!r} must hold {path} after its load: it "
                                f"holds {self.info.identity[:12]} (load again)")

    def identify(self):
        """Ask the board what it is, and keep the answer as :attr:`info`."""
        payload = self.request(Type.IDENTIFY, b"", seconds=0)
        self.info = Info.decode(payload)
        return payload

    def request(self, kind, payload, *, seconds):
        """Send a request and return the payload of its answer.

        ``seconds`` is the predicted time of board and line for the request.

        Raises
        ------
        ProtocolError
            If no answer comes, or the answer is an error.
        """
        frame = Frame(kind, next(self._sequences) % 256, payload)
        octets = frame.encode()
        wait = self.patience + SLACK * self._slowness * seconds
        loading = self.clock.monotonic() + LOADING * self._slowness
        attempts = 0
        while attempts < self.attempts:
            self.retries += attempts > 0
            self.port.write(octets)
            self._sent = self.clock.monotonic()
            answer = self._answer_to(frame, wait)
            if answer is None:
                attempts += 1
            elif answer.type != Type.ERROR:
                return answer.payload
            elif answer.payload[0] == ErrorCode.LOADING and self.clock.monotonic() < loading:
                self.clock.sleep(PAUSE)
            else:
                raise Refusal(self._refusal(kind, answer.payload[0]), answer.payload[0])
        raise ProtocolError(f"Board at {self.port.path} must answer {kind.name}: {self._heard()}")

    def _classify(self, batch):
        info = self.info
        packed = pack_images(batch, info.pixel_bits, info.shift).tobytes()
        octets = len(packed) + info.result_bytes
        payload = self.request(Type.CLASSIFY, packed,
                               seconds=20 * octets / info.baud
                               + len(batch) * info.interval / info.clock_hz)
        self._check_length(payload, len(batch) * info.result_bytes, "CLASSIFY")
        labels, scores = unpack_results(payload, len(info.labels), info.score_bytes)
        if labels.max() >= len(info.labels):
            raise ProtocolError(f"Labels of board {info.board!r} must be below "
                                f"{len(info.labels)}: {labels.max()}")
        return labels, scores

    def _answer_to(self, request, wait):
        """Return the answer to a request, or None if the line is silent for ``wait`` seconds.

        An ERROR is an answer too.
        """
        self._octets = 0
        end = self.clock.monotonic() + wait
        limit = self.clock.monotonic() + 60 + 10 * wait  # a line that is never silent: no board
        while self.clock.monotonic() < min(end, limit):
            octets = self.port.read(min(end, limit) - self.clock.monotonic())
            if not octets:
                continue
            self._octets += len(octets)
            end = self.clock.monotonic() + max(self.patience, wait / 4)
            for frame in self._deframer.feed(octets):
                if frame.sequence != request.sequence:
                    continue
                if (frame.type == request.type | ANSWER
                        or (frame.type == Type.ERROR and len(frame.payload) == 1)):
                    return frame
        return None

    def _refusal(self, kind, code):
        if code == ErrorCode.NO_WEIGHTS:
            self.identify()
            if self.info.is_half_loaded:
                return HALF_LOADED.format(self.info.board)
        if code in WEIGHTS:
            return (f"Weights in the flash of board {self.info.board!r} must be those of network "
                    f"{self.info.identity[:12]}: {WEIGHTS[code]} (program the board again: make "
                    f"program BOARD={self.info.board})")
        return (f"Board at {self.port.path} must take {kind.name} requests: it answers "
                f"{_name(code)}")

    def _heard(self):
        if self._octets:
            return (f"what it sends is no answer, {self._octets} octets at the last attempt "
                    f"(is it another device, or another --baud?)")
        return (f"nothing came in {self.attempts} attempts (is it this port, is the bitstream "
                f"loaded, does --baud fit?)")

    def _check_length(self, payload, expected, what):
        if len(payload) != expected:
            raise ProtocolError(f"Answer to {what} must have {expected} octets: {len(payload)}")


def _name(code):
    try:
        return ErrorCode(code).name
    except ValueError:
        return f"error {code}"
