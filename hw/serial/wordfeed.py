"""Sends images to an accelerator word by word, from requests or from the benchmark's ROM."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..stream.credit import StreamBuffer
from ..stream.width import WidthConverter


__all__ = ["WordFeed", "rom_words"]


def rom_words(images, *, bits, rom_width):
    """Return images, each an int, as words of the ROM, a list of int."""
    words = -(-bits // rom_width)
    mask = (1 << rom_width) - 1
    return [image >> rom_width * word & mask for image in images for word in range(words)]


class WordFeed(wiring.Component):
    """Cuts images from requests and from the benchmark's ROM into words of the accelerator.

    In a run of the benchmark one word of the ROM is read for each word that is taken, in every
    cycle if need be, without a gap between images.

    Parameters
    ----------
    bits : int
        Length of an image.
    rom : sequence of int
        Images of the benchmark.
    rom_width : int
        Bits of a word of the ROM, at most ``width``.
    width : int
        Bits of a word of the accelerator.

    Members
    -------
    i : In(stream.Signature(8))
        Octets of images from requests, ``ceil(bits / 8)`` for each image.
    begin : In(1)
        The next image of a run is the first image of the ROM.
    running : In(1)
        Images come from the ROM; the first image follows the last one again.
    more : In(1)
        The run needs further images.
    given : Out(1)
        The last word of an image of the run is fetched from the ROM.
    o : Out(stream.Signature(width))
        Words of images.
    """

    def __init__(self, *, bits, rom, rom_width, width):
        if not 1 <= rom_width <= width:
            raise ValueError(f"Width of the image ROM must be in 1..{width}, the accelerator's: "
                             f"{rom_width}")
        self.bits = bits
        self.rom = tuple(rom)
        self.rom_width = rom_width
        self.width = width
        self.words = rom_words(self.rom, bits=bits, rom_width=rom_width)
        super().__init__({
            "i": In(stream.Signature(8)),
            "begin": In(1), "running": In(1), "more": In(1), "given": Out(1),
            "o": Out(stream.Signature(width)),
        })

    @property
    def block_ram(self):
        """Words that are in block RAM."""
        return self.words

    def elaborate(self, platform):
        m = Module()
        m.submodules.widen = widen = WidthConverter(bits=self.bits, i_width=8,
                                                    o_width=self.rom_width)
        m.submodules.beats = beats = WidthConverter(bits=self.bits, i_width=self.rom_width,
                                                    o_width=self.width)
        m.submodules.fetched = fetched = StreamBuffer(self.rom_width)
        connect(m, flipped(self.i), widen.i)
        connect(m, beats.o, flipped(self.o))
        self._fetch(m, fetched.i)

        with m.If(self.running):
            m.d.comb += beats.i.payload.eq(fetched.o.payload)
            m.d.comb += beats.i.valid.eq(fetched.o.valid)
            m.d.comb += fetched.o.ready.eq(beats.i.ready)
        with m.Else():
            m.d.comb += beats.i.payload.eq(widen.o.payload)
            m.d.comb += beats.i.valid.eq(widen.o.valid)
            m.d.comb += widen.o.ready.eq(beats.i.ready)
        return m

    def _fetch(self, m, words):
        """Send the words of the ROM again and again, while the run needs further images."""
        rom = self.words
        each = len(rom) // len(self.rom)
        m.submodules.rom = store = memory.Memory(shape=self.rom_width, depth=len(rom), init=rom)
        read = store.read_port()
        address = Signal(range(len(rom)))
        index = Signal(range(each))
        fetch = Signal()

        # A word waits in the read port's register until it is taken.
        m.d.comb += fetch.eq(~words.valid | words.ready)
        m.d.comb += read.en.eq(fetch)
        m.d.comb += read.addr.eq(address)
        m.d.comb += words.payload.eq(read.data)
        m.d.comb += self.given.eq(fetch & self.more & (index == each - 1))
        with m.If(fetch):
            m.d.sync += words.valid.eq(self.more)
            with m.If(self.more):
                m.d.sync += address.eq(Mux(address == len(rom) - 1, 0, address + 1))
                m.d.sync += index.eq(Mux(index == each - 1, 0, index + 1))
        with m.If(self.begin):
            m.d.sync += address.eq(0)
