"""Meaning of the bytes on the serial line (docs/protocol.md): frames, requests, answers."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from math import prod

import numpy as np

from .. import bits
from ..layer.check import INPUTS_LIMIT, LABEL_LIMIT, is_printable


VERSION = 1

FLAG = 0x7e      # octet between frames, never inside a frame
ESCAPE = 0x7d    # inside a frame, for FLAG and ESCAPE: the next octet is flipped by FLIP
FLIP = 0x20
HEADER = 2       # octets before the payload: type, sequence number
TRAILER = 4      # octets behind the payload: CRC-32 of type, sequence number and payload
ANSWER = 0x80    # bit of an answer's type, beside the type of its request

# Bit rates of boards in bits per second, in the order in which a host tries them.
BAUDS = (3_000_000, 1_000_000, 115_200)

# Longer than any answer of a network with 256 classes. A host drops a longer frame.
BODY_LIMIT = 2**18


class Type(IntEnum):
    """Type octet of a request; ERROR is the type of an answer with an :class:`ErrorCode`."""

    IDENTIFY = 0x01
    CLASSIFY = 0x02
    BENCHMARK = 0x03
    LOAD = 0x04
    DESCRIBE = 0x05
    ERROR = 0xe0


class ErrorCode(IntEnum):
    """Payload octet of an ERROR answer."""

    UNKNOWN_TYPE = 1
    WRONG_LENGTH = 2
    WRONG_COUNT = 3
    LOADING = 4          # weights are on their way from the flash: ask again
    NO_WEIGHTS = 5       # the flash is silent, or holds none
    OTHER_WEIGHTS = 6    # of another network, or for another schedule
    DAMAGED_WEIGHTS = 7


class ProtocolError(OSError):
    """The other end is missing, silent, or not what it should be."""


@dataclass(frozen=True)
class Frame:
    """One checked frame: ``type``, ``sequence`` 0 to 255, ``payload`` bytes."""

    type: int
    sequence: int
    payload: bytes = b""

    def encode(self):
        """Return the frame as it travels, both flags included."""
        body = bytes([self.type, self.sequence]) + self.payload
        body += zlib.crc32(body).to_bytes(TRAILER, "little")
        body = body.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPE ^ FLIP]))
        body = body.replace(bytes([FLAG]), bytes([ESCAPE, FLAG ^ FLIP]))
        return bytes([FLAG]) + body + bytes([FLAG])


class Deframer:
    """Finds the frames in a stream of octets; drops damaged frames and counts them.

    Attributes
    ----------
    dropped : int
        Damaged frames so far.
    """

    def __init__(self):
        self.dropped = 0
        self._body = bytearray()

    def feed(self, octets):
        """Take the next octets; return the frames that end in them, a list of :class:`Frame`."""
        first, *others = bytes(octets).split(bytes([FLAG]))
        self._extend(first)
        frames = []
        for piece in others:
            frame = self._close()
            if frame is not None:
                frames.append(frame)
            self._extend(piece)
        return frames

    def _extend(self, piece):
        if len(self._body) <= 2 * BODY_LIMIT:  # a longer frame is lost anyway
            self._body += piece

    def _close(self):
        body, self._body = bytes(self._body), bytearray()
        if not body:
            return None
        head, *others = body.split(bytes([ESCAPE]))
        if not others or others[-1]:  # several escapes in a row are one, as for the board
            plain = head + b"".join(bytes([piece[0] ^ FLIP]) + piece[1:]
                                    for piece in filter(None, others))
            if HEADER + TRAILER <= len(plain) <= BODY_LIMIT:
                body, check = plain[:-TRAILER], plain[-TRAILER:]
                if zlib.crc32(body) == int.from_bytes(check, "little"):
                    return Frame(body[0], body[1], body[2:])
        self.dropped += 1
        return None


@dataclass(frozen=True)
class Info:
    """A board's answer to IDENTIFY.

    Attributes
    ----------
    board : str
        Name of the board.
    identity : str
        SHA-256 of the network, in hexadecimal.
    input_shape : tuple of int
        Shape of an image.
    pixel_bits, shift : int
        A pixel travels as the ``pixel_bits`` bits of ``pixel >> shift``.
    labels : tuple of str
        Name of each class.
    score_bytes : int
        Octets of a score in an answer, 2 or 4.
    clock_hz, baud : int
        Clock of the board's logic; bits per second on the wire.
    interval, feed : int
        Cycles that the accelerator needs between two images; cycles that the benchmark's image ROM
        needs for an image.
    latency, fill : int
        Cycles from an image's last word to its label; cycles of a benchmark beyond
        ``images * max(interval, feed)``.
    rom_images, rom_crc : int
        Number of images in the benchmark's ROM; CRC-32 of all of them as packed on the wire.
    max_images, max_benchmark : int
        Most images in one CLASSIFY and in one BENCHMARK request.
    """

    board: str
    identity: str
    input_shape: tuple
    pixel_bits: int
    shift: int
    labels: tuple
    score_bytes: int
    clock_hz: int
    baud: int
    interval: int
    feed: int
    latency: int
    fill: int
    rom_images: int
    rom_crc: int
    max_images: int
    max_benchmark: int

    _FIXED = struct.Struct("<B32sBBBIIIIIiIIHI")

    def check(self):
        """Raise ValueError unless a board can have these numbers."""
        above = ("clock_hz", "baud", "interval", "feed", "latency", "max_images", "max_benchmark")
        for name in above:
            _check(name, getattr(self, name), 1, 2**32 - 1)
        _check("dimensions of an image", len(self.input_shape), 1, 8)
        _check("pixels", self.pixels, 1, INPUTS_LIMIT)
        _check("pixel_bits", self.pixel_bits, 1, 16)
        _check("shift", self.shift, 0, 16 - self.pixel_bits)
        if self.score_bytes not in (2, 4):
            raise ValueError(f"score_bytes must be 2 or 4: {self.score_bytes}")
        _check("labels", len(self.labels), 2, 256)
        for text in (self.board, *self.labels):
            if not is_printable(text, LABEL_LIMIT):
                raise ValueError(f"names must be 1 to {LABEL_LIMIT} printable characters: "
                                 f"{text[:LABEL_LIMIT + 1]!r}")
        if self.cycles(1) < 1:
            raise ValueError(f"a benchmark must take a cycle: fill is {self.fill}")

    @property
    def is_half_loaded(self):
        """Whether a load was cut off, so that the board holds no network."""
        return not int(self.identity, 16)

    @property
    def pixels(self):
        return prod(self.input_shape)

    @property
    def image_bytes(self):
        return -(-self.pixels * self.pixel_bits // 8)

    @property
    def result_bytes(self):
        return 1 + len(self.labels) * self.score_bytes

    @property
    def report_bytes(self):
        return 8 + 4 * len(self.labels)

    @property
    def images_per_second(self):
        """Images per second of the accelerator alone, in steady state."""
        return self.clock_hz / self.interval

    def cycles(self, images):
        """Predict the cycles of a benchmark: from the first word accepted to the last label."""
        return images * max(self.interval, self.feed) + self.fill

    def encode(self):
        """Return the payload of the answer to IDENTIFY."""
        fixed = self._FIXED.pack(
            VERSION, bytes.fromhex(self.identity), self.pixel_bits, self.shift, self.score_bytes,
            self.clock_hz, self.baud, self.interval, self.feed, self.latency, self.fill,
            self.rom_images, self.rom_crc, self.max_images, self.max_benchmark)
        shape = struct.pack(f"<B{len(self.input_shape)}I", len(self.input_shape),
                            *self.input_shape)
        texts = [text.encode() for text in (self.board, *self.labels)]
        return fixed + shape + struct.pack("<H", len(self.labels)) + b"".join(
            struct.pack("<H", len(text)) + text for text in texts)

    @classmethod
    def decode(cls, payload):
        """Read the payload of an answer to IDENTIFY.

        Raises
        ------
        ProtocolError
            If the payload is of another version or not whole.
        """
        if payload[:1] != bytes([VERSION]):
            raise ProtocolError(f"Board must speak protocol version {VERSION}: it speaks "
                                f"{payload[0] if payload else 'none'} (build its bitstream "
                                f"again, or use the host program it came with)")
        try:
            (_, identity, *numbers) = cls._FIXED.unpack_from(payload)
            at = cls._FIXED.size
            dimensions, = struct.unpack_from("<B", payload, at)
            shape = struct.unpack_from(f"<{dimensions}I", payload, at + 1)
            at += 1 + 4 * dimensions
            classes, = struct.unpack_from("<H", payload, at)
            at += 2
            texts = []
            for _ in range(1 + classes):
                length, = struct.unpack_from("<H", payload, at)
                texts.append(payload[at + 2:at + 2 + length].decode())
                at += 2 + length
            if at != len(payload):
                raise ValueError(f"{at} octets expected, {len(payload)} received")
        except (struct.error, ValueError) as error:
            raise ProtocolError(f"Answer to IDENTIFY must be whole: {error}") from None
        names = ("pixel_bits", "shift", "score_bytes", "clock_hz", "baud", "interval", "feed",
                 "latency", "fill", "rom_images", "rom_crc", "max_images", "max_benchmark")
        info = cls(board=texts[0], identity=identity.hex(), input_shape=shape,
                   labels=tuple(texts[1:]), **dict(zip(names, numbers, strict=True)))
        try:
            info.check()
        except ValueError as error:
            raise ProtocolError(f"Answer to IDENTIFY must make sense: {error} (is the other end a "
                                f"board of ours?)") from None
        return info


@dataclass(frozen=True)
class Report:
    """Answer to BENCHMARK.

    Attributes
    ----------
    cycles : int
        Clock cycles from the first word accepted to the last label taken, both included.
    checksum : int
        CRC-32 of the labels, one octet each, in order.
    histogram : tuple of int
        Number of times that each label came.
    """

    cycles: int
    checksum: int
    histogram: tuple

    def encode(self):
        return struct.pack(f"<{2 + len(self.histogram)}I", self.cycles, self.checksum,
                           *self.histogram)

    @classmethod
    def decode(cls, payload):
        if len(payload) < 8 or len(payload) % 4:
            raise ProtocolError(f"Answer to BENCHMARK must be whole numbers: {len(payload)} octets")
        cycles, checksum, *histogram = struct.unpack(f"<{len(payload) // 4}I", payload)
        return cls(cycles, checksum, tuple(histogram))


def _check(what, value, low, high):
    if not low <= value <= high:
        raise ValueError(f"{what} must be in {low}..{high}: {value}")


def pack_images(images, pixel_bits, shift):
    """Pack images for the wire: pixels without gaps, first pixel lowest, filled up to an octet.

    Parameters
    ----------
    images : ndarray of unsigned int, shape (n, ...)
        Images.
    pixel_bits, shift : int
        As in :class:`Info`.

    Returns
    -------
    ndarray of uint8, shape (n, image_bytes)
    """
    pixels = images.reshape(len(images), -1).astype(np.uint32) >> shift
    planes = pixels[..., None] >> np.arange(pixel_bits, dtype=np.uint32) & 1
    return bits.pack(planes.astype(np.uint8).reshape(len(images), -1), 8).astype(np.uint8)


def pack_results(labels, scores, score_bytes):
    """Return the payload of an answer to CLASSIFY: ``labels`` (n,), ``scores`` (n, classes)."""
    octets = scores.astype(f"<i{score_bytes}", order="C").view(np.uint8).reshape(len(labels), -1)
    return np.column_stack([np.asarray(labels, dtype=np.uint8), octets]).tobytes()


def unpack_results(payload, classes, score_bytes):
    """Return labels, int64 (n,), and scores, int32 (n, classes), of an answer to CLASSIFY."""
    rows = np.frombuffer(payload, dtype=np.uint8).reshape(-1, 1 + classes * score_bytes)
    scores = np.ascontiguousarray(rows[:, 1:]).view(f"<i{score_bytes}").astype(np.int32)
    return rows[:, 0].astype(np.int64), scores
