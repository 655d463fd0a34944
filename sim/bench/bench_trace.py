"""cocotb bench that watches what each layer inside an accelerator puts out, for one image.

``PLAN`` names a file with the beats to send and the places to watch, ``TAPS`` one for the result:
see :func:`sim.trace.trace`.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import cocotb
from cocotb.triggers import RisingEdge

from sim.bench.streams import StreamPort, reset, run


def follow(dut, path):
    """Return the handle of a submodule by its names from the top."""
    handle = dut
    for name in path:
        handle = getattr(handle, name)
    return handle


@cocotb.test()
async def watch(dut):
    """Send images at full speed and keep the words of the last one, layer by layer."""
    plan = json.loads(Path(os.environ["PLAN"]).read_text(encoding="utf-8"))
    beats = [int(beat, 16) for beat in plan["beats"]]
    taps = defaultdict(list)
    await reset(dut)

    async def watch_stream(name, path, prefix, words):
        """Keep words ``plan["image"] * words`` and those after it of a stage's stream."""
        port = StreamPort(follow(dut, path), prefix)
        seen = 0
        while len(taps[name]) < words:
            await RisingEdge(dut.clk)
            if port.valid.value and port.ready.value:
                if seen >= plan["image"] * words:
                    taps[name].append(int(port.payload.value))
                seen += 1

    async def watch_pipeline(path, layers):
        """Wait for the image to enter a pipeline, then look at each layer when it must be there."""
        pipeline = follow(dut, path)
        entered = 0
        while entered <= plan["image"]:
            await RisingEdge(dut.clk)
            entered += int(pipeline.i__valid.value and pipeline.i__ready.value)
        cycle = 0
        for name, later in layers:
            while cycle < later:
                await RisingEdge(dut.clk)
                cycle += 1
            taps[name].append(int(getattr(pipeline, name).y.value))

    for stream in plan["streams"]:
        cocotb.start_soon(watch_stream(*stream))
    for path, layers in plan["pipelines"]:
        cocotb.start_soon(watch_pipeline(path, layers))
    record = await run(dut, beats, plan["image"] + 1, limit=plan["limit"])
    taps["answer"] = record.words[plan["image"]:plan["image"] + 1]
    Path(os.environ["TAPS"]).write_text(
        json.dumps({name: [f"{word:x}" for word in words] for name, words in taps.items()}),
        encoding="utf-8")
