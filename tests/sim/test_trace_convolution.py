# amaranth: UnusedElaboratable=no
"""sim.trace of convolutions: a planted fault is named by layer, position and channel, and drawn."""

from dataclasses import replace

import numpy as np
from PIL import Image

from hw.accelerator import Accelerator
from hw.plan.schedule import Schedule, Scheduled, Wired
from sim.proof.harness import Fault
from sim.trace import report
from sw import golden
from sw.network import Network

from .. import beside
from ..networks import conv_network, random_images


RNG = np.random.default_rng(5)
NETWORK = conv_network(RNG, (8, 8, 1), [
    ("space_to_depth", 2, {"name": "depth"}), ("conv2d", 3, {"name": "first", "padding": 1}),
    ("pool2d", 2, {"name": "pool"}), ("conv2d", 4, {"name": "second", "padding": 1})])
IMAGES = random_images(RNG, 40, NETWORK)
SCHEDULE = Schedule(4, {"depth": Wired(), "first": Wired(2), "pool": Wired(),
                        "second": Scheduled(2, 3), "scores": Scheduled(2, 2)})
ROWS = Fault("hw.stage.window._select", "(index + tap) % count", "(index - tap) % count")


def maps(network, image):
    """Return the feature map of each layer, by its name."""
    found = golden.Model(network).trace(IMAGES[image:image + 1])
    return {name: rows[0].reshape(layer.gives.extents)
            for layer, (name, rows) in zip(network.layers, found, strict=True)}


def with_weights(name, weights):
    """Return the network with other weights in a layer."""
    return Network([replace(layer, weights=weights) if layer.name == name else layer
                    for layer in NETWORK.layers], NETWORK.labels, NETWORK.input_shape)


def place_of(want, got):
    """Return row, column and channel of the first output that differs, as a report has them."""
    row, column, channel = np.argwhere(want != got)[0]
    return f"(neuron {channel} at row {row}, column {column}: "


def marked(path):
    """Return where marks of a difference lie in a picture, from 0 on the left to 1."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    marks = (pixels[..., 0] > 240) & (pixels[..., 1:].max(axis=2) < 20)
    return np.flatnonzero(marks.any(axis=0)) / marks.shape[1]


def test_swapped_rows_of_a_wired_window_are_named_and_drawn(tmp_path, capsys):
    beside.share_runtime(tmp_path)
    kernels = NETWORK.layers[2].weights[:, [0, 2, 1]]  # windows whose rows 1 and 2 are swapped
    want, got = maps(NETWORK, 2), maps(with_weights("first", kernels), 2)
    with ROWS.planted():
        found = report(Accelerator(NETWORK, SCHEDULE), IMAGES, 2, tmp_path / "maps.net.npz",
                       output=tmp_path)
    seen = found.outputs["RTL"][2].reshape(want["first"].shape)
    assert seen[:-1].tolist() == got["first"][:-1].tolist()  # row 2 of the last one is padding
    place, lines = place_of(want["first"], got["first"]), capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"without PyTorch: there is no {tmp_path}/maps.ckpt.npz (give the "
                         f"checkpoint with --checkpoint)", "encoder: 64 outputs, equal",
                         "depth: 64 outputs, equal"]
    assert lines[3].startswith("first: 48 outputs, ")
    verdict, wrote = lines[-2:]
    assert verdict.startswith("image 2: first difference in layer 'first', output ")
    assert place in verdict
    assert wrote == f"wrote {tmp_path}/trace/maps-image2.png"
    where = marked(tmp_path / "trace/maps-image2.png")
    assert where.min() > 0.5  # golden's maps are on the left
    assert len(where) > 20


def test_a_flipped_weight_of_a_scheduled_convolution_is_named(tmp_path):
    beside.share_runtime(tmp_path)
    weights = NETWORK.layers[4].weights.copy()
    weights[3, 1, 0, 2] *= -1
    faulty = with_weights("second", weights)
    image = next(image for image in range(len(IMAGES)) if not np.array_equal(
        maps(faulty, image)["second"], maps(NETWORK, image)["second"]))
    want, got = maps(NETWORK, image), maps(faulty, image)
    accelerator = Accelerator(faulty, SCHEDULE)
    accelerator.network = NETWORK  # it claims to be the right one
    found = report(accelerator, IMAGES, image, tmp_path / "maps.net.npz", output=tmp_path)
    assert "(neuron 3 at row " in place_of(want["second"], got["second"])
    assert place_of(want["second"], got["second"]) in found.verdicts()[0]
    for name, have in zip(got, found.outputs["RTL"], strict=True):
        assert have.tolist() == got[name].ravel().tolist(), name  # behind the fault too
