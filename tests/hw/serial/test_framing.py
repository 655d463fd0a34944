# amaranth: UnusedElaboratable=no
"""Framing, inbox and answer: equal to sw.line.protocol, whatever is on the line."""

import random
import zlib

import pytest
from amaranth.sim import Simulator

from hw.serial.answer import ResultOctets, TextOctets
from hw.serial.framing import Deframer, Framer
from hw.serial.inbox import Inbox
from sw.line import protocol
from sw.line.protocol import Frame

from ...fakes import FakeAccelerator


def rtl_deframe(octets, *, idle=lambda: 0):
    """Return the frames that :class:`Deframer` finds, as ``(body, good)`` per flag."""
    deframer = Deframer()
    found, body = [], bytearray()

    async def drive(ctx):
        for octet in octets:
            for _ in range(idle()):
                await ctx.tick()
            data, error = octet if isinstance(octet, tuple) else (octet, 0)
            ctx.set(deframer.i.payload, {"data": data, "error": error})
            ctx.set(deframer.i.valid, 1)
            await ctx.tick().until(deframer.i.ready)
            ctx.set(deframer.i.valid, 0)

    async def watch(ctx):
        while True:
            _, _, valid, octet, flag, good = await ctx.tick().sample(
                deframer.valid, deframer.octet, deframer.flag, deframer.good)
            if flag:
                found.append((bytes(body), good))
                body.clear()
            elif valid:
                body.append(octet)

    simulate(deframer, [drive], [watch])
    return found


def rtl_frame(frames, *, idle=lambda: 0, stall=lambda: 0):
    """Return the octets that :class:`Framer` makes of ``bytes`` bodies."""
    framer = Framer()
    found = bytearray()
    done = False

    async def drive(ctx):
        nonlocal done
        for body in frames:
            for index, octet in enumerate(body):
                for _ in range(idle()):
                    await ctx.tick()
                ctx.set(framer.i.payload, {"data": octet, "last": index == len(body) - 1})
                ctx.set(framer.i.valid, 1)
                await ctx.tick().until(framer.i.ready)
                ctx.set(framer.i.valid, 0)
        await ctx.tick().repeat(200)

    async def watch(ctx):
        while True:
            ctx.set(framer.o.ready, 0)
            for _ in range(stall()):
                await ctx.tick()
            ctx.set(framer.o.ready, 1)
            _, _, valid, octet = await ctx.tick().sample(framer.o.valid, framer.o.payload)
            if valid:
                found.append(octet)

    simulate(framer, [drive], [watch])
    return bytes(found)


def simulate(component, benches, background=()):
    sim = Simulator(component)
    sim.add_clock(1e-6)
    for bench in benches:
        sim.add_testbench(bench)
    for bench in background:
        sim.add_testbench(bench, background=True)
    sim.run()


BODIES = [b"\x01\x00", b"\x7e\x7d", bytes(range(0x78, 0x82)), b"\x02\x7d" + b"\x7e" * 5 + b"\x5e"]


@pytest.mark.parametrize("idle", [0, 3])
@pytest.mark.parametrize("stall", [0, 12])
def test_frames_are_those_of_the_host(idle, stall):
    rng = random.Random(1)
    octets = rtl_frame(BODIES, idle=lambda: rng.randint(0, idle),
                       stall=lambda: rng.randint(0, stall))
    assert octets == b"".join(Frame(body[0], body[1], body[2:]).encode() for body in BODIES)


@pytest.mark.parametrize("idle", [0, 12])
def test_frames_of_the_host_are_found(idle):
    rng = random.Random(2)
    octets = b"".join(Frame(body[0], body[1], body[2:]).encode() for body in BODIES)
    found = rtl_deframe(octets, idle=lambda: rng.randint(0, idle))
    assert [body[:-4] for body, good in found if good] == BODIES
    assert [body for body, good in found if not good] == [b""] * len(BODIES)


def test_damage_is_seen_as_the_host_sees_it():
    rng = random.Random(3)
    octets = bytearray()
    for _ in range(60):
        frame = bytearray(Frame(1, rng.randrange(256), rng.randbytes(rng.randrange(6))).encode())
        at = rng.randrange(len(frame))
        kind = rng.randrange(5)
        if kind == 0:
            frame[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del frame[at]
        elif kind == 2:
            frame.insert(at, rng.choice([0x7d, 0x7e, 0x00]))
        octets += frame
    expected = [bytes([frame.type, frame.sequence]) + frame.payload
                for frame in protocol.Deframer().feed(octets)]
    assert len(expected) > 20
    found = [body[:-4] for body, good in rtl_deframe(octets) if good and len(body) >= 6]
    assert found == expected


def test_an_octet_with_an_error_spoils_its_frame_only():
    frame = Frame(1, 2, b"abc").encode()
    octets = [*frame, *frame[:3], (frame[3], 1), *frame[4:], *frame]
    assert [good for body, good in rtl_deframe(octets) if body] == [1, 0, 1]


# Inbox: only the stored request is asserted here; damage is the deframer's matter.

def rtl_inbox(bodies, *, depth=32, image_bytes=5, take=True):
    """Feed bodies with their CRC; return (type, sequence, images, rest, empty, word, payload)."""
    inbox = Inbox(depth=depth, image_bytes=image_bytes)
    found = []

    async def drive(ctx):
        async def pulse_flag(good):
            ctx.set(inbox.flag, 1)
            ctx.set(inbox.good, good)
            await ctx.tick()
            ctx.set(inbox.flag, 0)

        for body, good in bodies:
            await pulse_flag(0)
            for octet in body + zlib.crc32(body).to_bytes(4, "little"):
                ctx.set(inbox.octet, octet)
                ctx.set(inbox.valid, 1)
                await ctx.tick()
                ctx.set(inbox.valid, 0)
            await pulse_flag(good)
            if take:
                await ctx.tick().repeat(6 * depth)

    async def read(ctx):
        while True:
            await ctx.tick()
            if not ctx.get(inbox.request.valid):
                continue
            request = ctx.get(inbox.request.payload)
            payload = bytearray()
            ctx.set(inbox.payload.ready, 1)
            for _ in range(5 * depth + 5):
                _, _, valid, octet = await ctx.tick().sample(inbox.payload.valid,
                                                             inbox.payload.payload)
                if valid:
                    payload.append(octet)
            ctx.set(inbox.payload.ready, 0)
            ctx.set(inbox.request.ready, 1)
            await ctx.tick()
            ctx.set(inbox.request.ready, 0)
            found.append((request.type, request.sequence, request.images, request.rest,
                          request.empty, request.word, bytes(payload)))

    simulate(inbox, [drive], [read])
    return found


@pytest.mark.parametrize("image_bytes", [1, 2, 3, 5, 6, 7, 28])
def test_payloads_are_counted_in_images(image_bytes):
    payloads = [bytes(range(length)) for length in range(29)]
    found = rtl_inbox([(bytes([7, length]) + payload, 1)
                       for length, payload in enumerate(payloads)], image_bytes=image_bytes)
    assert found == [(7, length, length // image_bytes, length % image_bytes != 0, length == 0,
                      length == 4, payload) for length, payload in enumerate(payloads)]


def test_bad_short_and_long_frames_are_dropped():
    good = (b"\x01\x02abc", 1)
    bodies = [(b"\x01\x02abc", 0), (b"", 1), (b"\x01", 1), (b"\x01\x02" + bytes(29), 1),
              (b"\x01\x02" + bytes(100), 1), good]
    assert [request[-1] for request in rtl_inbox(bodies)] == [b"abc"]


def test_frames_that_come_while_a_request_waits_are_dropped():
    bodies = [(bytes([1, sequence]) + b"abc", 1) for sequence in range(30)]
    found = rtl_inbox(bodies, take=False)
    assert [request[-1] for request in found] == [b"abc"] * len(found)
    assert 1 <= len(found) < 15
    assert [request[1] for request in found] == sorted(request[1] for request in found)


def test_an_inbox_must_hold_an_image():
    with pytest.raises(ValueError, match=r"^Frame buffer must hold an image: 28 octets, not 29$"):
        Inbox(depth=32, image_bytes=29)


def test_the_depth_of_an_inbox_is_a_power_of_two():
    with pytest.raises(ValueError, match=r"^Depth of the frame buffer must be a power of 2 from "
                                         r"16: 100$"):
        Inbox(depth=100, image_bytes=5)


def collect(component, count, *, stall, offer=None):
    """Take ``count`` octets, waiting at random; return them as (data, last)."""
    rng = random.Random(stall)
    found = []

    async def take(ctx):
        while len(found) < count:
            ctx.set(component.o.ready, 0)
            for _ in range(rng.randint(0, stall)):
                await ctx.tick()
            ctx.set(component.o.ready, 1)
            octet, = await ctx.tick().sample(component.o.payload).until(component.o.valid)
            found.append((octet.data, octet.last))

    simulate(component, [take], [offer] if offer else [])
    return found


@pytest.mark.parametrize("stall", [0, 5])
@pytest.mark.parametrize("text", [b"x", b"abc", b"0123456789" * 10])
def test_a_text_comes_again_and_again(text, stall):
    once = [(octet, index == len(text) - 1) for index, octet in enumerate(text)]
    assert collect(TextOctets(text), 2 * len(text), stall=stall) == once * 2


@pytest.mark.parametrize("stall", [0, 5])
@pytest.mark.parametrize("score_bytes", [1, 2, 4])
def test_results_are_those_of_the_host(score_bytes, stall):
    octets = ResultOctets(FakeAccelerator(bits=8, input_width=8, classes=3).result,
                          score_bytes=score_bytes)
    results = [(2, [-128, 127, 0]), (0, [1, -1, 5]), (1, [0, 0, 0])]

    async def offer(ctx):
        ctx.set(octets.i.valid, 1)
        for label, scores in results:
            ctx.set(octets.i.payload, {"label": label, "scores": scores})
            ready = 0
            while not ready:
                _, _, ready = await ctx.tick().sample(octets.i.ready)

    length = 1 + 3 * score_bytes
    found = collect(octets, 3 * length, stall=stall, offer=offer)
    expected = [octet for label, scores in results
                for octet in [label, *b"".join(score.to_bytes(score_bytes, "little", signed=True)
                                               for score in scores)]]
    assert [octet for octet, _ in found] == expected
    assert [last for _, last in found] == [0, *[0] * (length - 2), 1] * 3


def test_scores_must_fit_their_octets():
    result = FakeAccelerator(bits=8, input_width=8, classes=3).result
    with pytest.raises(ValueError, match=r"^Octets of a score must hold 8 bits: 0$"):
        ResultOctets(result, score_bytes=0)
