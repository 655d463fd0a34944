"""Drives a stage and the model of its handshake together, and compares them cycle by cycle."""

import random
from dataclasses import dataclass, field
from itertools import pairwise

from amaranth import Value
from amaranth.sim import Simulator


@dataclass
class Followed:
    """Words that a stage gave, and the cycles of its transfers.

    Attributes
    ----------
    words : list of int
        Output words.
    taken, given : list of int
        Cycle in which each input word and each output word was taken.
    """

    words: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    given: list = field(default_factory=list)

    def steady(self, words, images):
        """Return the cycles between the last words of neighbouring images, the first ones left."""
        ends = self.given[words - 1::words]
        return [after - before for before, after in pairwise(ends)][images:]


def follow(stage, words, count, *, idle=0.0, stall=0.0, seed=0, limit=100_000, extra=30):
    """Feed words into a stage and take ``count``; compare the handshake with its model.

    Weights in SPRAM are loaded first. The stage must give no word more.

    Parameters
    ----------
    stage : :class:`hw.stream.stage.Stage`
        The stage.
    words : list of int
        Input words.
    count : int
        Output words to wait for.
    idle, stall : float
        Share of the cycles in which no word is offered, and in which none is taken.
    seed : int
        Of the pauses.
    limit, extra : int
        Most cycles, and cycles to go on afterwards.

    Returns
    -------
    Followed
    """
    rng = random.Random(seed)
    model, seen = stage.handshake(), Followed()

    async def bench(ctx):
        for word in stage.load:
            ctx.set(stage.weights.payload, word)
            ctx.set(stage.weights.valid, 1)
            await ctx.tick()
            ctx.set(stage.weights.valid, 0)
        offering, sent, rest, held = False, 0, extra, None
        for cycle in range(limit):
            if not offering and sent < len(words) and rng.random() >= idle:
                ctx.set(Value.cast(stage.i.payload), words[sent])
                offering = True
            o_ready = int(rng.random() >= stall)
            ctx.set(stage.i.valid, offering)
            ctx.set(stage.o.ready, o_ready)
            valid, ready = ctx.get(stage.o.valid), ctx.get(stage.i.ready)
            where = f"cycle {cycle}, {sent} words in, {len(seen.words)} out (seed {seed})"
            assert (valid, ready) == (model.valid, model.ready(o_ready)), where
            i_transfer, o_transfer = bool(offering and ready), bool(valid and o_ready)
            payload = ctx.get(Value.cast(stage.o.payload))
            assert held is None or (valid and payload == held), where
            held = payload if valid and not o_transfer else None
            if i_transfer:
                seen.taken.append(cycle)
                sent, offering = sent + 1, False
            if o_transfer:
                seen.given.append(cycle)
                seen.words.append(payload)
            model.tick(i_transfer, o_transfer)
            await ctx.tick()
            rest -= len(seen.words) >= count
            if rest < 0:
                return

    sim = Simulator(stage)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    assert len(seen.words) == count, f"{len(seen.words)} words, not {count} (seed {seed})"
    return seen
