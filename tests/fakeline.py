"""A board in Python behind a pseudo-terminal, for tests of the host's side of the serial line."""

import os
import select
import threading
import tty
from zlib import crc32

import numpy as np

from sw.golden import Model
from sw.line.protocol import pack_images

from .fakes import FakeBoard, fake_info
from .networks import random_network


class Line:
    """A pseudo-terminal with a board behind it, and ways to spoil what passes."""

    def __init__(self, board, *, downward=bytes, upward=bytes):
        self.board = board
        self.spoil = downward, upward
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.stopping, self.stop = os.pipe()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.stop, b"x")
        self.thread.join(10)
        for descriptor in (self.slave, self.master, self.stop, self.stopping):
            os.close(descriptor)

    def _run(self):
        downward, upward = self.spoil
        while True:
            ready, _, _ = select.select([self.master, self.stopping], [], [])
            if self.stopping in ready:
                return
            octets = upward(self.board.feed(downward(os.read(self.master, 4096))))
            if octets is None:  # unplugged
                return
            while octets:
                octets = octets[os.write(self.master, octets):]


def damage(rng, share):
    """Return a function that drops, flips, repeats or inserts octets, in a share of the calls."""
    def spoil(octets):
        octets = bytearray(octets)
        if octets and rng.random() < share:
            at = rng.randrange(len(octets))
            kind = rng.randrange(5)
            if kind == 0:
                del octets[at]
            elif kind == 1:
                octets[at] ^= 1 << rng.randrange(8)
            elif kind == 2:
                octets.insert(at, octets[at])
            elif kind == 3:
                octets.insert(at, rng.choice([0x7e, 0x7d, 0x00, rng.randrange(256)]))
            else:
                del octets[at:]
        return bytes(octets)

    return spoil


def board_of(net, rom_images, *, wrong=None, **others):
    """Return a FakeBoard that computes a network, label ``wrong`` wrong."""
    model = Model(net)
    rom = pack_images(rom_images, net.pixel_bits, net.shift)
    info = fake_info(identity=net.identity, input_shape=net.input_shape,
                     pixel_bits=net.pixel_bits, shift=net.shift, labels=net.labels,
                     rom_images=len(rom), interval=5, fill=7, max_images=7,
                     rom_crc=zlib_crc(rom), **others)

    def results(packed):
        bits = np.unpackbits(packed, axis=1, bitorder="little")[:, :net.inputs * net.pixel_bits]
        weights = 2**np.arange(net.pixel_bits) << net.shift
        pixels = (bits.reshape(len(packed), *net.input_shape, net.pixel_bits) @ weights).astype(
            np.uint16)
        scores = model.scores(pixels)
        labels = model.labels(pixels)
        if wrong is not None:
            labels = (labels + (np.arange(len(labels)) == wrong)) % 3
        return labels, scores

    return FakeBoard(info, rom, results)


def zlib_crc(array):
    return crc32(array.tobytes())


def tiny_network():
    """Return a network of 4 × 4 pixels of one bit, for :func:`board_of`."""
    return random_network(np.random.default_rng(1), [16, 8, 3], input_shape=(4, 4),
                          labels=("nil", "één", "two"))


def tiny_images():
    """Return 6 training and 20 test images for :func:`tiny_network`."""
    rng = np.random.default_rng(2)
    return [rng.integers(0, 256, (count, 4, 4), dtype=np.uint8) for count in (6, 20)]
