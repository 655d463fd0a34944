"""cocotb bench for any component with streams ``i`` and ``o``, from a file of vectors.

The file says what goes in, what must come out and how fast: see :class:`sim.model.vectors.Vectors`.
"""

import os
from itertools import pairwise

import cocotb

from sim.bench.streams import reset, restart, run
from sim.model.vectors import Vectors


VECTORS = Vectors.load(os.environ["VECTORS"])
I_WORDS = len(VECTORS.i) // VECTORS.count
O_WORDS = len(VECTORS.o) // VECTORS.count
FLUSH = VECTORS.latency + 2 * VECTORS.interval + O_WORDS + 8  # longer than anything inside takes


def bound(vectors, idle=0, stall=0):
    """Cycles that are more than enough for some vectors."""
    per_vector = VECTORS.interval + 3 * ((idle + 1) * I_WORDS + (stall + 1) * O_WORDS)
    return 200 + 2 * vectors * per_vector + 2 * VECTORS.latency + 30 * (idle + stall)


def check(words, expected):
    """Compare words; name the vector and the bit of the first difference."""
    for index, (got, want) in enumerate(zip(words, expected, strict=False)):
        wrong = (got ^ want) & VECTORS.masks[index % O_WORDS]
        assert not wrong, (f"vector {index // O_WORDS} must equal golden: word {index % O_WORDS} "
                           f"is {got:#x}, not {want:#x}, first differing bit "
                           f"{(wrong & -wrong).bit_length() - 1}")
    assert len(words) >= len(expected), (f"{len(expected)} words must come out: only "
                                         f"{len(words)} did")
    assert len(words) <= len(expected), (f"{len(expected)} words must come out: "
                                         f"{len(words)} did")


@cocotb.test()
@cocotb.parametrize(idle=[0, 3], stall=[0, 7])
async def matches_golden(dut, idle, stall):
    """Every word equals golden's, with idle producers and slow consumers, and no word is extra."""
    await reset(dut)
    record = await run(dut, VECTORS.i, len(VECTORS.o), idle=idle, stall=stall,
                       limit=bound(VECTORS.count, idle, stall), seed=cocotb.RANDOM_SEED,
                       after=FLUSH)
    check(record.words, VECTORS.o)


@cocotb.test()
async def keeps_its_latency(dut):
    """A vector that comes alone takes exactly the predicted cycles, again and again."""
    await reset(dut)
    for vector in range(min(3, VECTORS.count)):
        words = VECTORS.i[vector * I_WORDS:(vector + 1) * I_WORDS]
        expected = VECTORS.o[vector * O_WORDS:(vector + 1) * O_WORDS]
        record = await run(dut, words, O_WORDS, limit=bound(1), after=FLUSH)
        check(record.words, expected)
        latency = record.offered[VECTORS.latency_to] - record.taken[-1]
        assert latency == VECTORS.latency, (f"latency of vector {vector} must be "
                                            f"{VECTORS.latency} cycles: {latency}")


@cocotb.test()
async def keeps_its_interval(dut):
    """Vectors that come without pause are taken and given at exactly the predicted interval."""
    await reset(dut)
    record = await run(dut, VECTORS.i, len(VECTORS.o), limit=bound(VECTORS.count))
    check(record.words, VECTORS.o)
    for what, cycles in [("input", record.taken[I_WORDS - 1::I_WORDS]),
                         ("output", record.given[O_WORDS - 1::O_WORDS])]:
        steady = [after - before for before, after in pairwise(cycles)][VECTORS.fill:]
        assert steady, "there must be more vectors than the design holds: add some"
        wrong = [cycles for cycles in steady if cycles != VECTORS.interval]
        assert not wrong, (f"{what} interval must be {VECTORS.interval} cycles: "
                           f"{steady[:12]}")


@cocotb.test()
async def offers_without_being_asked(dut):
    """``valid`` does not wait for ``ready``, and a full design takes no more; nothing is lost."""
    await reset(dut)
    stuck = await run(dut, VECTORS.i, 1, stall=None, limit=bound(VECTORS.fill + 2) + FLUSH)
    assert stuck.offered, "a word must be offered before ready rises: none was"
    taken = len(stuck.taken)
    rest = await run(dut, VECTORS.i[taken:], len(VECTORS.o), limit=bound(VECTORS.count),
                     after=FLUSH)
    check(rest.words, VECTORS.o)


@cocotb.test()
async def starts_afresh_after_reset(dut):
    """A reset in the middle of a vector leaves nothing of it behind."""
    await reset(dut)
    some = len(VECTORS.i) // 2 + I_WORDS // 2
    await run(dut, VECTORS.i[:some], 1, stall=2, limit=bound(VECTORS.count))
    await restart(dut)
    record = await run(dut, VECTORS.i, len(VECTORS.o), limit=bound(VECTORS.count), after=FLUSH)
    check(record.words, VECTORS.o)
