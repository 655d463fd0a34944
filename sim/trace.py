# amaranth: UnusedElaboratable=no
"""Every layer's outputs from golden, PyTorch and the RTL: ``python -m sim.trace NETWORK``."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from boards.usage import Parser
from hw.accelerator import Accelerator
from hw.stream.stage import StreamTap
from sw import golden
from sw.artefact import HELP, network_file
from sw.bits import from_int
from sw.command import run
from sw.compare import pytorch
from sw.compare.difference import first_difference
from sw.data import options as choices
from sw.data.testset import load_test_set
from sw.fold import beside
from sw.network import load
from sw.show.show import SHOWN
from sw.store.files import read_json, write_text

from . import trace_picture
from .bench.runner import run_folder, simulate_in
from .model.design import OUTPUT, add_options, add_output, schedule_of
from .model.preloaded import preloaded
from .model.vectors import to_beats


CONTEXT = 3  # images sent before the one of interest: it may be wrong only behind others
BENCH = "sim.bench.bench_trace"
PICTURES = Path("trace")  # in the folder that is written to

# What the bench sees inside: the streams of the stages and the outputs of wired layers.
PUBLIC = [("*", name) for name in ("clk", "o__payload", "o__valid", "o__ready", "i__valid",
                                   "i__ready", "y")]


@dataclass(frozen=True, eq=False)
class Trace:
    """Outputs of each layer for one image, by who computed them.

    Attributes
    ----------
    network : sw.network.Network
        The network.
    image : int
        Number of the image.
    pixels : ndarray of unsigned integers, shape network.input_shape
        The image.
    outputs : dict of str to list of ndarray, shape (outputs,)
        By ``"golden"``, ``"PyTorch"`` where there is a checkpoint, and ``"RTL"``: the outputs of
        each layer. The RTL's are shorter if the accelerator got stuck.
    label, expected_label : int or None
        The RTL's label, None if there was none; and golden's.
    """

    network: object
    image: int
    pixels: np.ndarray
    outputs: dict
    label: int | None
    expected_label: int

    def first(self, who="RTL"):
        """Return the first :class:`sw.compare.difference.Difference` of one of them, or None."""
        return first_difference(self.network, self.outputs["golden"], self.outputs[who])

    @property
    def equal(self):
        """Whether all that was compared is golden's."""
        return (self.label == self.expected_label
                and not any(self.first(who) for who in self.others))

    @property
    def others(self):
        """Who is compared with golden."""
        return [who for who in self.outputs if who != "golden"]

    def lines(self, start=None):
        """Return a report, line by line: layers that agree in one, from ``start`` on in full."""
        lines, full = [], False
        for place, layer in enumerate(self.network.layers):
            full = full or layer.name == start
            want = self.outputs["golden"][place]
            wrong = {who: len(want) - int((got == want[:len(got)]).sum())
                     for who in self.others for got in [self.outputs[who][place]]}
            verdict = ", ".join(f"{count} {'differs' if count == 1 else 'differ'} in {who}"
                                for who, count in wrong.items() if count)
            lines.append(f"{layer.name}: {len(want)} outputs, {verdict or 'equal'}")
            if verdict or full:
                lines += [f"  {who:8}{SHOWN.of(layer).text(layer, outputs[place])}"
                          for who, outputs in self.outputs.items()]
        return [*lines, *self.verdicts()]

    def verdicts(self):
        """Return one line for each that differs from golden, or one that says that all are equal.

        Each names the first layer and neuron.
        """
        lines = [f"image {self.image}: first difference in {self.first(who).text(who)}"
                 for who in self.others if self.first(who)]
        if not self.first("RTL") and self.label != self.expected_label:
            lines.append(f"image {self.image}: first difference in the label select: RTL "
                         f"{'nothing' if self.label is None else self.label}, golden "
                         f"{self.expected_label}")
        who = ("RTL equals" if self.others == ["RTL"] else
               f"{' and '.join(self.others)} equal")
        label = self.network.labels[self.expected_label]
        return lines or [f"image {self.image}: {who} golden in every layer; label {label!r}"]


def trace(accelerator, images, image, *, others=None, edit=None, output=OUTPUT):
    """Run an image, behind some before it, through the RTL and look at every layer.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    images : ndarray of unsigned integers, shape (n, *input_shape)
        Images.
    image : int
        The one of interest.
    others : dict of str to list of ndarray, optional
        What others than golden and the RTL computed of the image, as in :class:`Trace`.
    edit : callable, optional
        Changes the Verilog: plants a fault.
    output : Path
        Folder for all that is made on the way.

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
    with run_folder(BENCH, build=output / "sim") as folder:
        write_text(folder / "plan.json", json.dumps(plan))
        (folder / "taps.json").unlink(missing_ok=True)
        simulate_in(folder, preloaded(accelerator), BENCH, edit=edit, public=PUBLIC,
                    runtime=output / "sim/runtime", PLAN=folder / "plan.json",
                    TAPS=folder / "taps.json")
        seen = read_json(folder / "taps.json")
    taps = {name: [int(word, 16) for word in words] for name, words in seen.items()}

    pixels = images[image:image + 1]
    outputs = {"golden": [rows[0] for _, rows in golden.Model(network).trace(pixels)],
               **(others or {}),
               "RTL": [_outputs(layer, taps.get(layer.name, []), widths[layer.name])
                       for layer in network.layers]}
    label_bits = (network.classes - 1).bit_length()
    label = taps["answer"][0] % 2**label_bits if taps["answer"] else None
    return Trace(network, image, pixels[0], outputs, label,
                 int(golden.labels(outputs["golden"][-1][None])[0]))


def _outputs(layer, words, width):
    """Return a layer's outputs from the words that were seen, each ``width`` bits."""
    bits = np.concatenate([np.zeros(0, np.uint8), *(from_int(word, width) for word in words)])
    width = layer.gives.bits
    if width == 1:
        return _whole_positions(layer, bits)[:layer.outputs]
    rows = bits[:len(bits) // width * width].reshape(-1, width)
    weights = 1 << np.arange(width)
    weights[-1] *= -1 if layer.gives.signed else 1
    return (rows.astype(np.int64) @ weights)[:layer.outputs]


def _whole_positions(layer, bits):
    """Return bits without those that fill up the words of each position of a feature map."""
    *positions, values = layer.gives.extents
    count = prod(positions)
    if len(bits) % count or len(bits) <= layer.outputs:
        return bits
    return bits.reshape(count, -1)[:, :values].ravel()


def _plan_taps(accelerator, plan):
    """Add the places to watch to a plan; return the bits of a watched word by layer."""
    widths = {}
    inside = ("inner",) if accelerator.load else ()
    for name, stage in accelerator.stages.items():
        for tap in stage.taps((*inside, "stages", name)):
            if isinstance(tap, StreamTap):
                plan["streams"].append([tap.layer, tap.path, tap.port, tap.words])
                widths[tap.layer] = tap.width
            else:
                plan["pipelines"].append([tap.path, [[layer, later] for layer, later, _
                                                     in tap.layers]])
                widths |= {layer: width for layer, _, width in tap.layers}
    return widths


def report(accelerator, images, image, path, *, checkpoint=None, start=None, output=OUTPUT):
    """Trace an image, print it and draw it.

    Parameters
    ----------
    accelerator, images, image
        As for :func:`trace`.
    path : Path
        The network's file: its checkpoint is looked for beside it, and the picture has its name.
    checkpoint : Path, optional
        Another checkpoint, which must be there.
    start : str, optional
        Layer from which on layers that agree are shown in full.
    output : Path
        Folder for the picture and all that is made on the way.

    Returns
    -------
    Trace
    """
    network, source = accelerator.network, checkpoint or beside(path, ".ckpt.npz")
    others = {}
    if checkpoint or source.exists():
        try:
            computed = pytorch.activations(source, network, images[image:image + 1])
            others["PyTorch"] = [rows[0] for rows in computed]
        except ValueError as error:
            if checkpoint:
                raise
            print(f"without PyTorch: {error}")
    else:
        print(f"without PyTorch: there is no {source} (give the checkpoint with --checkpoint)")
    result = trace(accelerator, images, image, others=others, output=output)
    print("\n".join(result.lines(start)))
    if "PyTorch" in result.outputs and result.first("PyTorch"):
        print(pytorch.why_other(source, network))
    picture = output / PICTURES / f"{beside(path, '').name}-image{image}.png"
    trace_picture.draw(picture, result, start)
    print(f"wrote {picture}")
    return result


def main(argv=None):
    parser = Parser(prog="python -m sim.trace", description=__doc__,
                    example="tfc --board icebreaker --image 7")
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    parser.add_argument("--image", type=int, default=0, metavar="N",
                        help="test image (default: %(default)s)")
    parser.add_argument("--from", dest="start", metavar="LAYER",
                        help="show layers from this one on in full, also where they agree")
    add_options(parser)
    add_output(parser)
    parser.add_argument("--checkpoint", type=Path, metavar="CKPT",
                        help="what PyTorch computes with (default: NAME.ckpt.npz beside NETWORK, "
                             "if there)")
    parser.add_argument("--dataset", metavar="D", help="default: the one it was trained on")
    choices.add_arguments(parser)
    args = parser.parse_args(argv)

    network = load(args.network)
    names = [layer.name for layer in network.layers]
    if args.start and args.start not in names:
        raise ValueError(f"Layer to show from must be one of {', '.join(names)}: {args.start!r}")
    images = load_test_set(network, args.dataset, choices.from_arguments(args)).images
    if not 0 <= args.image < len(images):
        raise ValueError(f"Image must be in 0..{len(images) - 1}, the test images: {args.image}")
    accelerator = Accelerator(network, schedule_of(args, network))
    result = report(accelerator, images, args.image, args.network, checkpoint=args.checkpoint,
                    start=args.start, output=args.output)
    return int(not result.equal)


if __name__ == "__main__":
    run(main)
