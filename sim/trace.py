"""Finds the first neuron whose RTL differs from golden: ``python -m sim.trace NETWORK``."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.accelerator import Accelerator
from hw.mvtu import MVTU
from hw.wired import WiredPipeline
from sw import golden
from sw.bits import from_int, to_int
from sw.command import run
from sw.evaluate import dataset_name, load_test_set
from sw.files import write_text
from sw.network import load

from .design import schedule_for
from .preloaded import preloaded
from .runner import BUILD, simulate
from .vectors import to_beats


CONTEXT = 3  # images sent before the one of interest: it may be wrong only behind others

# What the bench sees inside: the streams of the stages and the outputs of wired layers.
PUBLIC = [("*", name) for name in ("clk", "o__payload", "o__valid", "o__ready", "i__valid",
                                   "i__ready", "y")]


@dataclass(frozen=True, eq=False)
class Trace:
    """What each layer put out for one image.

    Attributes
    ----------
    image : int
        Number of the image.
    layers : list of (layer, ndarray, ndarray)
        Each layer, with golden's outputs and the RTL's, shape (outputs,); the RTL's is shorter if
        the accelerator got stuck.
    label, expected_label : int or None
        The RTL's label, None if there was none; and golden's.
    """

    image: int
    layers: list
    label: int | None
    expected_label: int

    @property
    def first(self):
        """Layer and index of the first output that differs, or None."""
        for layer, want, got in self.layers:
            if len(got) < len(want):
                return layer, len(got)
            if (got != want).any():
                return layer, int(np.flatnonzero(got != want)[0])
        return None

    def lines(self):
        """Return a report, line by line."""
        lines, inputs = [], None
        for layer, want, got in self.layers:
            wrong = len(want) - int((got == want[:len(got)]).sum())
            verdict = f"{wrong} of {len(want)} outputs differ" if wrong else "equal"
            lines.append(f"{layer.name}: {verdict}")
            lines.append(f"  golden {_show(layer, want)}")
            if wrong:
                lines.append(f"  RTL    {_show(layer, got)}")
        if self.first is None:
            lines.append(f"image {self.image}: every layer equals golden; label {self.label}, "
                         f"golden's is {self.expected_label}"
                         + ("" if self.label == self.expected_label else
                            ": the label select is wrong"))
            return lines
        layer, index = self.first
        want = next(want for each, want, _ in self.layers if each is layer)
        got = next(got for each, _, got in self.layers if each is layer)
        what = {"encoder": "bit", "dense": "neuron", "scores": "class"}[layer.kind]
        inputs = next((before for (before_layer, before, _), (after, _, _)
                       in zip(self.layers, self.layers[1:], strict=False) if after is layer), None)
        detail = ""
        if layer.kind == "dense":
            count = golden.popcounts(layer, inputs[None])[0, index]
            detail = (f" (popcount {count} of {layer.fan_in[index]}, threshold "
                      f"{layer.thresholds[index]})")
        have = got[index] if index < len(got) else "nothing"
        lines.append(f"image {self.image}: first difference in layer {layer.name!r}, {what} "
                     f"{index}: RTL {have}, golden {want[index]}{detail}")
        return lines


def _show(layer, outputs):
    """Return outputs as text: scores as numbers, bits as one hexadecimal number, first lowest."""
    if layer.kind == "scores":
        return " ".join(map(str, outputs))
    return f"{to_int(outputs.astype(np.uint8)):0{-(-len(outputs) // 4)}x}"


def trace(accelerator, images, image, *, edit=None):
    """Run an image, behind some before it, through the RTL and look at every layer.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.
    image : int
        The one of interest.
    edit : callable, optional
        Changes the Verilog: plants a fault.

    Returns
    -------
    Trace
    """
    network = accelerator.network
    start = max(0, image - CONTEXT)
    sent = images[start:image + 1]
    plan = {"image": image - start, "streams": [], "pipelines": [],
            "beats": [f"{beat:x}" for beat in
                      to_beats(network, accelerator.schedule.pixels, sent)],
            "limit": 1000 + 4 * (len(sent) * accelerator.interval + accelerator.latency)}
    widths = _plan_taps(accelerator, plan)
    folder = BUILD.resolve() / "trace"
    write_text(folder / "plan.json", json.dumps(plan))
    (folder / "taps.json").unlink(missing_ok=True)
    simulate(preloaded(accelerator), "sim.bench_trace", edit=edit, public=PUBLIC,
             PLAN=folder / "plan.json", TAPS=folder / "taps.json")
    taps = {name: [int(word, 16) for word in words] for name, words in
            json.loads((folder / "taps.json").read_text(encoding="utf-8")).items()}

    layers = []
    expected = golden.Model(network).trace(images[image:image + 1])
    for layer, (_, want) in zip(network.layers, expected, strict=True):
        bits = np.concatenate([np.zeros(0, np.uint8), *(from_int(word, widths[layer.name])
                                                        for word in taps.get(layer.name, []))])
        got = bits[:layer.outputs]
        if layer.kind == "scores":
            rows = bits[:len(bits) // layer.score_bits * layer.score_bits]
            weights = 1 << np.arange(layer.score_bits)
            weights[-1] *= -1
            got = (rows.reshape(-1, layer.score_bits).astype(np.int64) @ weights)[:layer.outputs]
        layers.append((layer, want[0], got))
    label_bits = (network.classes - 1).bit_length()
    label = taps["answer"][0] % 2**label_bits if taps["answer"] else None
    return Trace(image, layers, label, int(golden.labels(layers[-1][1][None])[0]))


def _plan_taps(accelerator, plan):
    """Add the places to watch to a plan; return the bits of a watched word by layer."""
    widths = {}
    inside = ["inner"] if accelerator.load else []
    for name, stage in accelerator.stages.items():
        path = [*inside, "stages", name]
        if isinstance(stage, WiredPipeline):
            later, layers = 0, []
            for layer_name, layer in stage.stages.items():
                later += layer.latency
                layers.append([layer_name, later])
                widths[layer_name] = layer.layer.outputs * layer.bits
            plan["pipelines"].append([path, layers])
        elif name == "encoder":
            widths[stage.encoder.name] = stage.pixels * stage.encoder.levels
            # An encoder of wires leaves no module behind: its bits are the accelerator's input.
            place = [[], "i"] if stage.is_wire else [path, "o"]
            plan["streams"].append([stage.encoder.name, *place, stage.beats])
        elif isinstance(stage, MVTU):
            bits = stage.layer.score_bits if stage.layer.kind == "scores" else 1
            widths[name] = stage.pe * bits
            plan["streams"].append([name, path, "o", stage.neuron_folds])
    return widths


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m sim.trace", description=__doc__)
    parser.add_argument("network", type=Path, metavar="NETWORK", help="folded network (.net.npz)")
    parser.add_argument("--image", type=int, default=0, metavar="N",
                        help="test image (default: %(default)s)")
    parser.add_argument("--board", default="ulx3s", metavar="B",
                        help="schedule as in this board's bitstream (default: %(default)s)")
    parser.add_argument("--schedule", type=Path, metavar="JSON", help="schedule by hand, instead")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    args = parser.parse_args(argv)

    network = load(args.network)
    images, _ = load_test_set(network, dataset_name(network, args.dataset))
    if not 0 <= args.image < len(images):
        raise ValueError(f"Image must be in 0..{len(images) - 1}, the test images: {args.image}")
    accelerator = Accelerator(network, schedule_for(network, board=args.board, path=args.schedule))
    result = trace(accelerator, images, args.image)
    print("\n".join(result.lines()))
    return int(result.first is not None or result.label != result.expected_label)


if __name__ == "__main__":
    run(main)
