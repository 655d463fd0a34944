# amaranth: UnusedElaboratable=no
"""The design behind a board's pins, virtual or not: serial line, protocol, accelerator."""

import sys
from zlib import crc32

import numpy as np
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from hw.accelerator import Accelerator
from hw.estimate import images_that_fit
from hw.fit import refuse_misfit
from hw.plan.schedule import read_schedule
from hw.plan.simplify import used_bits
from hw.serial.benchmark import counter_width, fill
from hw.serial.flash import SPI, FlashLoader, WeightImage
from hw.serial.imageregister import LOGIC_IMAGES
from hw.serial.link import Link
from hw.serial.loadinglink import LoadingLink
from hw.serial.uart import Receiver, Transmitter, divide
from hw.solver import choose_at
from hw.stage.load import load_shape
from sw.data.testset import load_test_set
from sw.line import protocol

from .shell import clock_plan


__all__ = ["ROM_IMAGES", "Top", "benchmark_images", "create", "line_rate"]


TEXT_DEPTH = 1024   # octets of the answer to IDENTIFY where another network may be loaded
FRAME_DEPTH = 2048  # octets of the frame buffer, where one image needs no more

# Most images in the benchmark's ROM, if block RAM is left over for them. On ECP5 it is 512 words
# deep whether used or not.
ROM_IMAGES = {"ecp5": 256, "ice40": LOGIC_IMAGES}


class Top(wiring.Component):
    """A network behind a serial line.

    Parameters
    ----------
    network : :class:`sw.network.Network`
        What is computed.
    schedule : :class:`hw.plan.schedule.Schedule`
        How much of it per cycle.
    clock_hz : int
        Frequency of the ``sync`` domain.
    baud : int
        Bits per second on the line, within 2 % of a whole fraction of the clock.
    images : ndarray of uint8, shape (r, *network.input_shape)
        Images of the benchmark, at least 1.
    board : str
        Name that the board answers to IDENTIFY.
    rom_width : int or None
        Bits of a word of the benchmark's image ROM; ``None``: those of the accelerator's input.
        Block RAM is 16 (iCE40) or 36 bits (ECP5) wide, so a wide word takes many of them and a
        narrow one keeps a wide accelerator waiting.
    frame_depth : int
        Octets of the frame buffer, a power of 2; made larger where one image does not fit.

    Members
    -------
    rx : In(1)
        Serial line from the host.
    tx : Out(1)
        Serial line to the host.
    leds : Out(8)
        Bits 0 to 5: lowest bits of the last label; 6: changes with every answer; 7: busy.
    flash : Out(SPI)
        The flash with :attr:`image`, where the schedule has weights in SPRAM.
    """

    def __init__(self, network, schedule, *, clock_hz, baud, images, board="board",
                 rom_width=None, frame_depth=FRAME_DEPTH):
        if len(images) < 1 or images.shape[1:] != network.input_shape:
            raise ValueError(f"Images of the benchmark must be at least 1 of shape "
                             f"{network.input_shape}: {len(images)} of shape {images.shape[1:]}")
        self.network = network
        self.schedule = schedule
        self.clock_hz = clock_hz
        self.baud = baud
        self.images = images
        self.board = board
        self.divisor = divide(clock_hz, baud)
        self.accelerator = Accelerator(network, schedule)
        self.rom_width = rom_width or self.accelerator.input_width
        self.packed = protocol.pack_images(images, network.pixel_bits,
                                           network.shift)
        image_bytes = self.packed.shape[1]
        self.frame_depth = max(frame_depth, 1 << (image_bytes + protocol.TRAILER - 1).bit_length())
        self.info = self._describe(image_bytes)
        options = {"result": self.accelerator.o.payload.shape(),
                   "input_width": self.accelerator.input_width, "rom_width": self.rom_width,
                   "depth": self.frame_depth}
        self.shape = None
        if self.accelerator.loaded and self.accelerator.preset:
            text = max(TEXT_DEPTH, 1 << (len(self.info.encode()) - 1).bit_length())
            self.shape = load_shape(self.accelerator, text)
            self.link = LoadingLink(
                self.info, self.packed, shape=self.shape, words=len(self.accelerator.load),
                used=[True] * network.inputs * network.pixel_bits, **options)
        else:
            self.link = Link(self.info, self.packed, used=used_bits(network), **options)
        self.image = (WeightImage(network.identity, tuple(self.accelerator.load))
                      if self.accelerator.loaded and not self.shape else None)
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "leds": Out(8),
                          **({"flash": Out(SPI)} if self.image else {})})

    def _describe(self, image_bytes):
        """Return what the board answers to IDENTIFY, a :class:`sw.line.protocol.Info`."""
        network, accelerator = self.network, self.accelerator
        bits = network.inputs * network.pixel_bits
        feed = max(accelerator.beats, -(-bits // self.rom_width))
        return protocol.Info(
            board=self.board, identity=network.identity, input_shape=network.input_shape,
            pixel_bits=network.pixel_bits, shift=network.shift,
            labels=network.labels, score_bytes=2 if network.score_bits <= 16 else 4,
            clock_hz=self.clock_hz, baud=self.baud, interval=accelerator.interval, feed=feed,
            latency=accelerator.latency,
            fill=fill(bits=bits, rom_width=self.rom_width, input_width=accelerator.input_width,
                      interval=accelerator.interval, latency=accelerator.latency),
            rom_images=len(self.images), rom_crc=crc32(self.packed.tobytes()),
            max_images=(self.frame_depth - protocol.TRAILER) // image_bytes,
            max_benchmark=2**counter_width(self.clock_hz, max(accelerator.interval, feed)) - 1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.receiver = receiver = Receiver(divisor=self.divisor)
        m.submodules.transmitter = transmitter = Transmitter(divisor=self.divisor)
        m.submodules.accelerator = accelerator = self.accelerator
        m.submodules.link = link = self.link

        m.d.comb += receiver.rx.eq(self.rx)
        m.d.comb += self.tx.eq(transmitter.tx)
        connect(m, receiver.o, link.i)
        connect(m, link.o, transmitter.i)
        connect(m, link.images, accelerator.i)
        connect(m, accelerator.o, link.results)
        if self.shape:
            connect(m, link.weights, accelerator.weights)

        loading = Signal()
        if self.image:
            m.submodules.loader = loader = FlashLoader(self.image, clock_hz=self.clock_hz)
            connect(m, loader.spi, flipped(self.flash))
            connect(m, loader.o, accelerator.weights)
            m.d.comb += link.hindrance.eq(loader.status)
            m.d.comb += loading.eq(loader.status == protocol.ErrorCode.LOADING)

        # LEDs: what a person beside the board wants to see.
        label = Signal.like(accelerator.o.p.label)
        answers = Signal()
        was_busy = Signal()
        m.d.sync += was_busy.eq(link.busy)
        with m.If(was_busy & ~link.busy):
            m.d.sync += answers.eq(~answers)
        with m.If(accelerator.o.valid & accelerator.o.ready):
            m.d.sync += label.eq(accelerator.o.p.label)
        m.d.comb += self.leds[:6].eq(label)
        m.d.comb += self.leds[6:].eq(Cat(answers, was_busy | loading))
        return m


def create(request):
    """Return what a board's bitstream holds, a :class:`Top`, for a :class:`.request.Request`."""
    board, network = request.board, request.network
    _, clock = clock_plan(board, request.frequency)
    device = board.fpga
    if request.schedule:
        schedule = read_schedule(request.schedule.read_text(encoding="utf-8"), network)
        refuse_misfit(network, schedule, device)
    else:
        schedule = choose_at(network, device, oscillator=board.oscillator, wished=request.frequency,
                             images_per_second=request.rate)
    images = benchmark_images(network, request.rom_images or images_that_fit(
        network, schedule, device, ROM_IMAGES[board.family]))
    return Top(network, schedule, clock_hz=round(clock), images=images, board=board.name,
               baud=request.baud or line_rate(board, round(clock)))


def line_rate(board, clock_hz):
    """Return the highest usual rate, up to the board's, that the clock makes to 1 %."""
    for rate in protocol.BAUDS:
        divisor = round(clock_hz / rate)
        if rate <= board.baud and divisor >= 8 and abs(clock_hz / divisor / rate - 1) < 0.01:
            return rate
    return board.baud  # which the clock may not make: the receiver says what it could


def benchmark_images(network, count):
    """Return images for the benchmark's ROM: the first test images of the network's dataset.

    A network that does not say what it was trained on, or whose dataset is gone, gets noise.

    Parameters
    ----------
    network : Network
        The network.
    count : int
        Images.

    Returns
    -------
    ndarray of unsigned int, shape (count or less, *input_shape)
    """
    name = network.provenance.get("dataset")
    why = "the network does not say what it was trained on"
    if name:
        try:
            return load_test_set(network, download=False).images[:count]
        except (ValueError, OSError) as error:
            why = str(error)
    print(f"note: the benchmark's images are noise: {why}", file=sys.stderr)
    dtype = np.uint8 if network.input_bits <= 8 else np.uint16
    return np.random.default_rng(0).integers(
        0, 2**network.input_bits, (count, *network.input_shape), dtype=dtype)
