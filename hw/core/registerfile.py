"""The registers of a core on a bus, whichever bus it is."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from .imageport import MOST_INSIDE, ImagePort
from .register import (
    ADDRESS_BITS,
    COMMAND,
    LOAD,
    MAGIC,
    WORD,
    Address,
    registers,
)


__all__ = ["LOADER", "RegisterFile"]

# Between the registers and the loader of weights (:mod:`hw.serial.loader`), on this side.
LOADER = wiring.Signature({
    "begin": Out(1), "octets": Out(stream.Signature(8)),
    "active": In(1), "whole": In(1), "refused": In(1),
    "text": In(8), "text_index": In(16), "text_valid": In(1),
})


class RegisterFile(wiring.Component):
    """Registers between a bus and the streams of an accelerator (:mod:`hw.core.register`).

    A read changes nothing. A write that cannot be done changes nothing but an error in STATUS. The
    value of a read is at ``r_data`` in the cycle after ``access``. An access takes a cycle. A word
    of weights waits at most 4 cycles for the one before it.

    Parameters
    ----------
    words : int
        Words of pixels of an image.
    result : data.StructLayout
        Payload of the accelerator's answers: ``label`` and ``scores``.
    identity : str
        Identity of the network, in hexadecimal.
    room : int
        Words of pixels that the queue holds.
    loads : bool
        Whether weights are loaded.
    most_inside : int
        Images that may be inside at once.

    Members
    -------
    ask : In(1)
        A bus asks; ``wait`` says whether there may be an access.
    access, write, whole : In(1)
        What is asked is done: to write; all bytes of the word.
    address : In(9)
        Address in words.
    w_data, r_data : In(32), Out(32)
        Word to write; word that was read.
    wait : Out(1)
        What is asked must wait.
    interrupt : Out(1)
        A condition of INTERRUPT holds.
    words : Out(stream.Signature(32))
        Words of images, to the accelerator.
    answers : In(stream.Signature(result))
        Answers, from the accelerator.
    load : Out(LOADER)
        The loader of weights, with ``loads``.
    """

    def __init__(self, *, words, result, identity, room, loads=False, most_inside=MOST_INSIDE):
        self.image_words = words
        self.result = result
        self.identity = identity
        self.room = room
        self.loads = loads
        self.most_inside = most_inside
        self.classes = result["scores"].shape.length
        super().__init__({
            "ask": In(1), "access": In(1), "write": In(1), "whole": In(1),
            "address": In(ADDRESS_BITS), "w_data": In(WORD), "r_data": Out(WORD),
            "wait": Out(1), "interrupt": Out(1),
            "words": Out(stream.Signature(WORD)),
            "answers": In(stream.Signature(result)),
            **({"load": Out(LOADER)} if loads else {}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.port = port = ImagePort(words=self.image_words, result=self.result,
                                             room=self.room, most_inside=self.most_inside)
        wiring.connect(m, port.words, wiring.flipped(self.words))
        wiring.connect(m, wiring.flipped(self.answers), port.answers)

        # What a write is for.
        clear, drop, begin = (Signal(name=name) for name in ("clear", "next", "begin"))
        for signal, field in zip((clear, drop, begin), (*COMMAND, LOAD), strict=True):
            m.d.comb += signal.eq(self._writes(Address.COMMAND) & self.w_data[field.bit])
        m.d.comb += [port.word.eq(self.w_data), port.valid.eq(self._writes(Address.PIXELS)),
                     port.drop.eq(drop), port.clear.eq(clear)]
        refused, began = Signal(), Signal()
        m.d.comb += port.allowed.eq(self.load.whole & ~self.load.active & ~began if self.loads
                                    else 1)
        if self.loads:
            m.d.sync += began.eq(begin & ~refused)  # the loader is active a cycle later
            m.d.comb += refused.eq(begin & (port.busy | clear)
                                   | self._writes(Address.WEIGHTS) & ~self.load.active)
            self._load(m, begin & ~refused)
        else:
            m.d.comb += refused.eq(begin)

        # Errors stay until a clear. What else is kept.
        underrun, illegal, wrong = Signal(), Signal(), Signal()
        enabled, cycles = Signal(2), Signal(WORD)
        m.d.comb += wrong.eq(refused | self.access & self.write & ~(self.whole & self._writable()))
        m.d.sync += underrun.eq((underrun | drop & ~port.shown) & ~clear)
        m.d.sync += illegal.eq((illegal & ~clear) | wrong)
        m.d.sync += cycles.eq(Mux(clear, 0, cycles + port.busy))
        with m.If(self._writes(Address.INTERRUPT)):
            m.d.sync += enabled.eq(self.w_data)
        errors = port.overrun | underrun | illegal
        m.d.comb += self.interrupt.eq((enabled & Cat(port.shown, errors)).any())

        self._read(m, port.shown, {
            Address.MAGIC: MAGIC,
            Address.STATUS: Cat(port.shown, port.busy, port.overrun, underrun, illegal,
                                port.allowed,
                                *((self.load.active, self.load.refused) if self.loads else ())),
            Address.INTERRUPT: enabled,
            Address.ROOM: port.space,
            Address.LABEL: Mux(port.shown, self.answers.p.label, 0) | (~port.shown << WORD - 1),
            Address.CYCLES: cycles,
            Address.WORDS: self.image_words,
            Address.CLASSES: self.classes,
        })
        return m

    def _writes(self, address):
        """Return whether a whole word is written to a register."""
        return self.access & self.write & self.whole & (self.address == address)

    def _writable(self):
        """Return whether the register at the address can be written."""
        return Cat(self.address == row.address for row in registers(self.classes, self.loads)
                   if row.access != "read-only").any()

    def _read(self, m, shown, values):
        """Fetch the word at the address, also from the two tables: identity and scores."""
        word, of_identity = Signal(WORD), Signal()
        first = Address.IDENTITY
        octets = bytes.fromhex(self.identity)
        m.submodules.identity = identity = memory.Memory(
            shape=WORD, depth=8,
            init=[int.from_bytes(octets[at:at + 4], "little") for at in range(0, 32, 4)])
        read = identity.read_port()
        m.d.comb += [read.addr.eq(self.address), read.en.eq(self.access)]
        with m.If(self.access):
            m.d.sync += word.eq(0)
            m.d.sync += of_identity.eq((self.address >= first) & (self.address < first + 8))
            with m.Switch(self.address):
                for address, value in values.items():
                    with m.Case(address):
                        m.d.sync += word.eq(value)
            with m.If(shown & (self.address >= Address.SCORES)
                      & (self.address < Address.SCORES + self.classes)):
                m.d.sync += word.eq(self.answers.p.scores[self.address[:8]])
        m.d.comb += self.r_data.eq(word)
        with m.If(of_identity):
            m.d.comb += self.r_data.eq(read.data)
        if self.loads:
            with m.If(of_identity & ~self.load.whole):
                m.d.comb += self.r_data.eq(0)
            self._store_identity(m, identity)

    def _store_identity(self, m, identity):
        """Write the identity of a load's text as it comes."""
        write = identity.write_port(granularity=8)
        m.d.comb += write.addr.eq(self.load.text_index[2:5])
        m.d.comb += write.data.eq(self.load.text.replicate(4))
        with m.If(self.load.text_valid & (self.load.text_index < 32)):
            m.d.comb += write.en.eq(1 << self.load.text_index[:2])

    def _load(self, m, begin):
        """Hand the octets of a word of weights to the loader, the lowest one first."""
        octets, left = Signal(WORD), Signal(range(5))
        m.d.comb += self.load.begin.eq(begin)
        m.d.comb += [self.load.octets.payload.eq(octets), self.load.octets.valid.eq(left != 0)]
        m.d.comb += self.wait.eq(self.ask & self.write & (self.address == Address.WEIGHTS)
                                 & (left != 0) & self.load.active)
        with m.If(self.load.octets.valid & self.load.octets.ready):
            m.d.sync += [octets.eq(octets >> 8), left.eq(left - 1)]
        with m.If(~self.load.active):
            m.d.sync += left.eq(0)
        with m.If(self._writes(Address.WEIGHTS) & self.load.active):
            m.d.sync += [octets.eq(self.w_data), left.eq(4)]
