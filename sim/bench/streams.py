"""One cycle after another: streams of a design converted to Verilog, driven and watched."""

import random
from dataclasses import dataclass, field

from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge


class StreamPort:
    """The ``prefix`` stream of a design.

    A payload moves on each rising edge of ``clk`` where ``valid`` and ``ready`` are both high.
    """

    def __init__(self, dut, prefix):
        self.payload = getattr(dut, f"{prefix}__payload")
        self.valid = getattr(dut, f"{prefix}__valid")
        self.ready = getattr(dut, f"{prefix}__ready")


@dataclass
class Record:
    """Words that crossed a design's ports, by clock cycle since the run began.

    Attributes
    ----------
    taken : list of int
        Cycle in which each input word was taken.
    offered : list of int
        Cycle in which each output word was first offered.
    given : list of int
        Cycle in which each output word was taken.
    words : list of int
        The output words.
    """

    taken: list = field(default_factory=list)
    offered: list = field(default_factory=list)
    given: list = field(default_factory=list)
    words: list = field(default_factory=list)


async def reset(dut):
    """Start the clock and reset the design."""
    Clock(dut.clk, 10, unit="ns").start()
    await restart(dut)


async def restart(dut):
    """Hold the reset for two cycles, with both streams at rest."""
    dut.i__valid.value = 0
    dut.o__ready.value = 0
    dut.rst.value = 1
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0


def pauses(longest, seed):
    """Yield the cycles to pause before each word: 0 to ``longest``, now and then 10 times that."""
    rng = random.Random(seed)
    while True:
        pause = rng.randint(0, longest)
        yield pause * 10 if rng.random() < 0.05 else pause


async def run(dut, words, count, *, idle=0, stall=0, limit, seed=0, after=0):
    """Send words through ``i``, take words from ``o``, and check the rules of streams.

    A word that was not taken at the end stays offered: the next run should begin with it.

    Parameters
    ----------
    dut
        Design out of reset.
    words : sequence of int
        Input words; as many as the design takes within ``limit`` are sent.
    count : int
        Output words to wait for.
    idle : int
        Longest pause before an input word, in cycles.
    stall : int or None
        Longest pause before an output word is taken; None takes none at all.
    limit : int
        Most cycles to wait.
    seed : int
        Of the pauses.
    after : int
        Cycles to go on afterwards, taking what comes.

    Returns
    -------
    Record
        It may hold fewer words than asked for if ``limit`` was reached, and more if the design
        gives more.

    Raises
    ------
    AssertionError
        If the design takes back an offer or changes an offered payload.
    """
    i, o = StreamPort(dut, "i"), StreamPort(dut, "o")
    record = Record()
    clk, i_ready, o_valid, o_payload = dut.clk, i.ready, o.valid, o.payload
    idles, stalls = pauses(idle, 2 * seed), pauses(stall or 0, 2 * seed + 1)
    queue = iter(words)
    wait_i, wait_o = next(idles), limit if stall is None else next(stalls)
    offering = ready = False
    held = None
    rest = after

    for cycle in range(limit + after):
        # Drive, from what the last edge left behind.
        if not offering:
            if wait_i:
                wait_i -= 1
            elif (word := next(queue, None)) is not None:
                i.payload.value = word
                i.valid.value = 1
                offering = True
        if not ready:
            if wait_o:
                wait_o -= 1
            else:
                o.ready.value = 1
                ready = True

        await RisingEdge(clk)
        if offering and i_ready.value:
            record.taken.append(cycle)
            offering = False
            wait_i = next(idles)
            if wait_i or len(record.taken) == len(words):
                i.valid.value = 0
            elif (word := next(queue, None)) is not None:
                i.payload.value = word
                offering = True
        if o_valid.value:
            payload = int(o_payload.value)
            if held is None:
                record.offered.append(cycle)
                held = payload
            assert payload == held, (f"output word {len(record.words)} must be held until it is "
                                     f"taken: {held:#x} became {payload:#x} in cycle {cycle}")
            if ready:
                record.given.append(cycle)
                record.words.append(payload)
                held = None
                wait_o = next(stalls)
                if wait_o:
                    o.ready.value = 0
                    ready = False
        else:
            assert held is None, (f"output word {len(record.words)} must be offered until it is "
                                  f"taken: valid fell in cycle {cycle}")
        if len(record.words) >= count:
            if not rest:
                break
            rest -= 1
    o.ready.value = 0
    return record
