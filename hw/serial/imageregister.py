"""The register in front of an accelerator that takes an image per cycle, without unused bits."""

import numpy as np
from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out


__all__ = ["LOGIC_IMAGES", "ImageRegister", "copy_bits"]


# Most images of the benchmark that are built as logic; more images are stored in block RAM. With
# four images one LUT4 takes the image's number (2 bits), the bit that is shifted in and the choice
# between the two, and shares its logic cell with the flip-flop.
LOGIC_IMAGES = 4

# The bits of an image lie all over a device, so that one signal cannot reach them all in a cycle.
# COPY_ENDS: bits that share one copy of the shift signal and of the ROM's signal. ROM_BITS: bits of
# the ROM that share one copy of the address, a multiple of the width of both families' block RAMs.
COPY_ENDS = 24
ROM_BITS = 144


def copy_bits(bits, images):
    """Return the flip-flops that an image register has for copies of its signals.

    Parameters
    ----------
    bits : int
        Used bits of an image.
    images : int
        Images in the ROM.
    """
    if images <= LOGIC_IMAGES:
        return 0
    each = 1 + 1 / COPY_ENDS
    return round(2 * each * bits / COPY_ENDS + each * bits / ROM_BITS * (images - 1).bit_length())


class Copy(wiring.Component):
    """A register in a module of its own.

    Synthesis merges equal registers of one module, but keeps this module apart.

    Members
    -------
    i : In(shape)
        The value to copy.
    o : Out(shape)
        The value, 1 cycle later.
    """

    def __init__(self, shape):
        super().__init__({"i": In(shape), "o": Out(shape)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o.eq(self.i)
        return m


def copies(m, name, value, number):
    """Return copies of a value, 2 cycles later; up to ``COPY_ENDS`` of them copy one first copy."""
    result = []
    for index in range(number):
        if index % COPY_ENDS == 0:
            m.submodules[f"copy_{name}_{index}"] = first = Copy(value.shape())
            m.d.comb += first.i.eq(value)
        m.submodules[f"copy_of_copy_{name}_{index}"] = copy = Copy(value.shape())
        m.d.comb += copy.i.eq(first.o)
        result.append(copy.o)
    return result


class ImageRegister(wiring.Component):
    """Holds one image for an accelerator, from a request or from the benchmark's ROM.

    Only the used bits are stored. The bits of a request are shifted in, one bit per cycle; unused
    bits are skipped. In a run of the benchmark the register holds another image of the ROM in every
    cycle. The first image is there 2 cycles (ROM in logic) or 5 cycles (block RAM) after
    ``running`` rises. The register does not wait. Therefore the accelerator must be ready in every
    cycle in which its results are taken. Otherwise the labels are not those of the ROM's images in
    order.

    Parameters
    ----------
    bits : int
        Length of an image.
    used : sequence of bool
        Which bits of an image are stored; the other bits are zeros in ``o``.
    rom : sequence of int
        Images of the benchmark.

    Members
    -------
    i : In(stream.Signature(8))
        Octets of images from requests, ``ceil(bits / 8)`` for each image, one every 9 cycles.
    begin : In(1)
        The next image of a run is the first image of the ROM; only while not ``running``.
    running : In(1)
        Images come from the ROM; the first image follows the last one again.
    more : In(1)
        The run needs further images.
    given : Out(1)
        The accelerator takes an image of the run.
    o : Out(stream.Signature(bits))
        Images.
    """

    def __init__(self, *, bits, used, rom):
        if len(used) != bits:
            raise ValueError(f"Bits in use must be said of all {bits}: {len(used)}")
        self.bits = bits
        self.used = tuple(int(place) for place in np.flatnonzero(used)) or (0,)
        self.rom = tuple(rom)
        self.vectors = [sum((image >> place & 1) << rank for rank, place in enumerate(self.used))
                        for image in self.rom]
        self.in_logic = len(self.rom) <= LOGIC_IMAGES
        # Ranks of the bits that the ROM stores: all bits, or in block RAM bits that are ever 1.
        self.changing = [rank for rank in range(len(self.used))
                         if self.in_logic or any(vector >> rank & 1 for vector in self.vectors)]
        super().__init__({
            "i": In(stream.Signature(8)),
            "begin": In(1), "running": In(1), "more": In(1), "given": Out(1),
            "o": Out(stream.Signature(bits)),
        })

    @property
    def block_ram(self):
        """Words that are in block RAM."""
        return [] if self.in_logic else self.vectors

    def elaborate(self, platform):
        m = Module()
        image = Signal(len(self.used), reset_less=True)
        for rank, place in enumerate(self.used):
            m.d.comb += self.o.payload[place].eq(image[rank])

        # In the next cycle each bit is the bit above it, or a bit of the ROM.
        bit, skip, present = self._serialize(m)
        stored, takes, holds = self._read_rom(m)
        shift = Signal()
        m.d.comb += shift.eq(self.running | ~skip)
        down = Cat(image[1:], bit)
        groups = range(0, len(self.used), COPY_ENDS)
        if self.in_logic:
            shifts = Signal()
            m.d.sync += shifts.eq(shift)
            takes, shifts = [takes] * len(groups), [shifts] * len(groups)
        else:
            takes = copies(m, "takes", takes, len(groups))
            shifts = copies(m, "shift", shift, len(groups))
        for start, take, shifted in zip(groups, takes, shifts, strict=True):
            part = slice(start, start + COPY_ENDS)
            with m.If(shifted):
                m.d.sync += image[part].eq(Mux(take, stored[part], down[part]))
            with m.If(take):  # bits that are 0 in every image become a flip-flop's reset
                m.d.sync += [image[rank].eq(0) for rank in range(len(self.used))[part]
                             if rank not in self.changing]

        m.d.comb += self.o.valid.eq((holds & self.more) | present)
        m.d.comb += self.given.eq(holds & self.more & self.o.ready)
        return m

    def _serialize(self, m):
        """Turn octets of a request into bits.

        Returns the next bit, whether to skip it, and whether the register holds a whole image. The
        second comes as many cycles before the bit as the copies of ``shift`` take.
        """
        octet = Signal(8)
        busy = Signal()     # the octet has bits that are not out yet
        waiting = Signal()  # a whole image is in the register or in the stages below
        place = Signal(range(self.bits))
        last = Signal()
        m.d.comb += last.eq(place == self.bits - 1)
        m.d.comb += self.i.ready.eq(~busy & ~waiting)
        with m.If(busy):
            m.d.sync += octet.eq(octet >> 1)
            m.d.sync += place.eq(place + 1)
            with m.If(place[:3] == 7):
                m.d.sync += busy.eq(0)
            with m.If(last):
                m.d.sync += [busy.eq(0), waiting.eq(1), place.eq(0)]
        with m.Elif(self.i.valid & ~waiting):
            m.d.sync += [octet.eq(self.i.payload), busy.eq(1)]

        # A bit is delayed until the ROM of unused bits is read, and until the one register or the
        # two registers behind ``shift`` have passed the decision on.
        unused = [1] * self.bits
        for used in self.used:
            unused[used] = 0
        m.submodules.skipped = skipped = memory.Memory(
            shape=1, depth=self.bits, init=unused, attrs={"ram_style": "block"})
        read = skipped.read_port()
        m.d.comb += read.addr.eq(place)
        skip = Signal(init=1)
        bits = Signal(3 if self.in_logic else 4)
        shifts = Signal(2)
        arrived = Signal.like(bits)
        m.d.sync += bits.eq(Cat(octet[0], bits))
        m.d.sync += shifts.eq(Cat(busy, shifts))
        m.d.sync += arrived.eq(Cat(busy & last, arrived))
        m.d.sync += skip.eq(read.data)

        present = Signal()
        with m.If(arrived[-1]):
            m.d.sync += present.eq(1)
        with m.Elif(self.o.ready):
            m.d.sync += present.eq(0)
            with m.If(present):
                m.d.sync += waiting.eq(0)
        return bits[-1], skip | ~shifts[1], present

    def _read_rom(self, m):
        """Read the images of the ROM again and again in a run.

        Returns an image in every cycle, whether the register takes it, and whether the register
        holds an image of the run. With block RAM the second comes 2 cycles before the image,
        because it is copied twice.
        """
        address = Signal(range(len(self.rom)))
        behind = Signal(2 if self.in_logic else 5)  # running, some cycles later
        m.d.sync += behind.eq(Cat(self.running, behind))
        with m.If(self.begin):
            m.d.sync += address.eq(0)
        with m.Elif(behind[0] if self.in_logic else self.running):
            m.d.sync += address.eq(Mux(address == len(self.rom) - 1, 0, address + 1))

        stored = Signal(len(self.used), reset_less=True)
        if self.in_logic:
            for rank in range(len(self.used)):
                column = sum((vector >> rank & 1) << number
                             for number, vector in enumerate(self.vectors))
                m.d.comb += stored[rank].eq(Const(column, len(self.rom)).bit_select(address, 1))
            return stored, self.running, behind[-1]
        starts = range(0, len(self.changing), ROM_BITS)
        for start, copy in zip(starts, copies(m, "address", address, len(starts)), strict=True):
            ranks = self.changing[start:start + ROM_BITS]
            m.submodules[f"rom_{start}"] = rom = memory.Memory(
                shape=len(ranks), depth=len(self.rom), attrs={"ram_style": "block"},
                init=[sum((vector >> rank & 1) << place for place, rank in enumerate(ranks))
                      for vector in self.vectors])
            read = rom.read_port()
            m.d.comb += read.addr.eq(copy)
            # The register lies directly behind block RAM, because that is slow.
            m.d.sync += [stored[rank].eq(read.data[place]) for place, rank in enumerate(ranks)]
        return stored, behind[1], behind[-1]
