# amaranth: UnusedElaboratable=no
"""hw.serial.uart: octets on a line and back, at the edges of what the line may do."""

import pytest
from amaranth.sim import Simulator

from hw.serial.uart import Receiver, Transmitter, divide


def receive(levels, *, divisor, take=True):
    """Drive a line, one level a cycle; return the octets that come, as (cycle, data, error)."""
    receiver = Receiver(divisor=divisor)
    found = []

    async def bench(ctx):
        ctx.set(receiver.o.ready, take)
        for cycle, level in enumerate([*levels, *[1] * (2 * divisor)]):
            ctx.set(receiver.rx, level)
            _, _, valid, octet = await ctx.tick().sample(receiver.o.valid, receiver.o.payload)
            if valid and take:
                found.append((cycle, octet.data, octet.error))
        ctx.set(receiver.o.ready, 1)
        _, _, valid, octet = await ctx.tick().sample(receiver.o.valid, receiver.o.payload)
        if valid and not take:
            found.append((0, octet.data, octet.error))

    simulate(receiver, bench)
    return found


def simulate(component, *benches):
    sim = Simulator(component)
    sim.add_clock(1e-6)
    for bench in benches:
        sim.add_testbench(bench)
    sim.run()


def line(octets, bit, stop=1):
    """Levels of a line that carries octets, ``bit`` cycles (may be a fraction) each bit."""
    bits = [level for octet in octets
            for level in (0, *(octet >> place & 1 for place in range(8)), stop)]
    return [bits[int(cycle / bit)] for cycle in range(round(len(bits) * bit))]


@pytest.mark.parametrize("divisor", [4, 5, 17])
def test_every_octet_is_received(divisor):
    octets = list(range(0, 256, divisor if divisor > 4 else 1))
    found = receive([1, 1, 1, *line(octets, divisor)], divisor=divisor)
    assert [data for _, data, _ in found] == octets
    assert not any(error for _, _, error in found)


def test_an_octet_comes_in_the_middle_of_its_stop_bit():
    (cycle, _, _), = receive(line([0x55], 10), divisor=10)
    assert cycle == 95 + 3  # synchronizer, register


@pytest.mark.parametrize("error", [-0.03, 0.03])
def test_a_sender_that_is_3_percent_off_is_understood(error):
    octets = [0x00, 0xff, 0x55, 0xaa, 0x7e, 0x01, 0x80]
    found = receive([1, *line(octets, 20 * (1 + error))], divisor=20)
    assert [(data, bad) for _, data, bad in found] == [(octet, 0) for octet in octets]


def test_a_glitch_is_no_start_bit():
    assert receive([1] * 5 + [0] * 4 + [1] * 100, divisor=10) == []


def test_a_break_is_one_error_and_ends():
    found = receive([0] * 500 + [1] * 20 + line([0x42], 10), divisor=10)
    assert [(data, error) for _, data, error in found] == [(0, 1), (0x42, 0)]


def test_a_low_stop_bit_is_an_error():
    found = receive([*line([0xff], 10, stop=0), *[1] * 20, *line([0x42], 10)], divisor=10)
    assert [(data, error) for _, data, error in found] == [(0xff, 1), (0x42, 0)]


def test_an_octet_that_was_not_taken_marks_the_next_one():
    found = receive(line([1, 2, 3], 10), divisor=10, take=False)
    assert [(data, error) for _, data, error in found] == [(3, 1)]


@pytest.mark.parametrize("divisor", [1, 2, 5, 16])
def test_octets_are_sent_without_a_gap(divisor):
    octets = [0x00, 0xff, 0x55, 0x7e, 0x80, 0x01]
    transmitter = Transmitter(divisor=divisor)
    levels = []

    async def drive(ctx):
        ctx.set(transmitter.i.valid, 1)
        for octet in octets:
            ctx.set(transmitter.i.payload, octet)
            await ctx.tick().until(transmitter.i.ready)
        ctx.set(transmitter.i.valid, 0)

    async def watch(ctx):
        for _ in range(divisor * 10 * len(octets) + 1 + 3 * divisor):
            _, _, level = await ctx.tick().sample(transmitter.tx)
            levels.append(level)

    simulate(transmitter, drive, watch)
    assert levels == [1, *line(octets, divisor), *[1] * (3 * divisor)]


@pytest.mark.parametrize(("clock_hz", "baud", "divisor"), [
    (12_000_000, 115_200, 104), (48_000_000, 3_000_000, 16), (50_000_000, 3_000_000, 17),
    (25_000_000, 1_000_000, 25)])
def test_divisor(clock_hz, baud, divisor):
    assert divide(clock_hz, baud) == divisor


def test_a_baud_rate_that_does_not_divide_the_clock():
    with pytest.raises(ValueError, match=r"^Baud rate must be a whole fraction of the clock to "
                                         r"2 %: 2000000 from 13 MHz is off by \+8\.3 % "
                                         r"\(nearest: 2166666\)$"):
        divide(13_000_000, 2_000_000)


def test_a_baud_rate_beyond_the_clock():
    with pytest.raises(ValueError, match=r"^Baud rate must be in 1\.\.3000000 \(a quarter of the "
                                         r"clock\): 4000000 at 12 MHz$"):
        divide(12_000_000, 4_000_000)


def test_a_receiver_needs_four_cycles_a_bit():
    with pytest.raises(ValueError, match=r"^Divisor must be at least 4: 3$"):
        Receiver(divisor=3)
