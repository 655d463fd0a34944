# amaranth: UnusedElaboratable=no
"""Components of hw refuse parameters that make no hardware, naming the rule."""

import numpy as np
import pytest

from hw.plan.schedule import Wired
from hw.stage.encoder import ThermometerEncoder
from hw.stage.labelselect import LabelSelect
from hw.stage.mvtu import MVTU
from hw.stream.credit import CreditQueue, queue_size
from hw.stream.width import Conversion, WidthConverter
from hw.wired.layer import WiredLayer
from sw.network import Encoder

from ..networks import random_dense


LAYER = random_dense(np.random.default_rng(0), 8, 12)


@pytest.mark.parametrize(("create", "message"), [
    (lambda: MVTU(LAYER, pe=9, simd=4), r"^PE of layer 'fc0' must be in 1\.\.8, its neurons: 9$"),
    (lambda: MVTU(LAYER, pe=0, simd=4), r"^PE of layer 'fc0' must be in 1\.\.8, its neurons: 0$"),
    (lambda: MVTU(LAYER, pe=2, simd=13),
     r"^SIMD of layer 'fc0' must be in 1\.\.12, its inputs: 13$"),
    (lambda: MVTU(LAYER, pe=2, simd=4, rom="flash"),
     r"^ROM of layer 'fc0' must be one of block, registered, distributed, spram, loaded: 'flash'$"),
    (lambda: WiredLayer(LAYER, Wired(0)), r"^Levels of layer 'fc0' must be at least 1: 0$"),
    (lambda: WidthConverter(bits=0, i_width=1, o_width=1),
     r"^Vector length of a width converter must be at least 1: 0$"),
    (lambda: WidthConverter(bits=1, i_width=0, o_width=1),
     r"^Input width of a width converter must be at least 1: 0$"),
    (lambda: WidthConverter(bits=1, i_width=1, o_width=0),
     r"^Output width of a width converter must be at least 1: 0$"),
    (lambda: LabelSelect(3, 8, pe=4),
     r"^PE of a label select must be in 1\.\.3, its classes: 4$"),
    (lambda: CreditQueue(8, depth=0), r"^Depth of a queue must be at least 1: 0$"),
    (lambda: ThermometerEncoder(Encoder.uniform(5), pixels=6),
     r"^Pixels in a beat must be in 1\.\.5: 6$"),
])
def test_a_broken_rule_is_named(create, message):
    with pytest.raises(ValueError, match=message):
        create()


@pytest.mark.parametrize(("bits", "i_width", "o_width", "form"), [
    (24, 8, 8, "same"), (24, 4, 12, "up"), (20, 3, 20, "up"), (20, 3, 24, "up"),
    (24, 12, 4, "down"), (20, 24, 3, "down"), (20, 4, 8, "gearbox"), (20, 7, 3, "gearbox")])
def test_the_form_of_a_width_converter_follows_from_the_widths(bits, i_width, o_width, form):
    assert Conversion(bits, i_width, o_width).form == form


@pytest.mark.parametrize(("push_delay", "interval", "depth", "latency"),
                         [(6, 100, 1, 1), (6, 4, 2, 1), (10, 3, 4, 1), (10, 1, 14, 2)])
def test_a_queue_covers_the_way_through_the_pipeline(push_delay, interval, depth, latency):
    assert queue_size(push_delay, interval) == (depth, latency)
    assert CreditQueue(1, depth=depth).latency == latency
