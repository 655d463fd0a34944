"""Shows what a dataset is: classes, values, conversion, warnings, samples as a picture."""

import json
from pathlib import Path

from ..command import Parser, run
from ..store.files import write_text
from . import options as choices
from .datasets import load, short_name
from .describe import describe, refuse_senseless
from .draw import draw_samples
from .known import KNOWN
from .sheet import save_grid
from .summary import sample_tiles, summary
from .thresholds import encoder_for


LEVELS = {True: 1, False: 8}  # thresholds an input, of pictures and of rows of numbers


def main(argv=None):
    parser = Parser(prog="python -m sw.data", description=__doc__)
    parser.add_argument("dataset", metavar="DATASET",
                        help=f"{', '.join(KNOWN)}, or the path of pictures, an archive, arrays or "
                             f"a table")
    parser.add_argument("--levels", type=int, metavar="N",
                        help="thresholds an input (default: 1 for pictures, 8 for tables)")
    parser.add_argument("--name", action="store_true",
                        help="print the name for files of the dataset and leave")
    parser.add_argument("--pictures", type=Path, metavar="DIR",
                        help="write samples as a picture there")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="write what is printed there, for programs, and samples of each class "
                             "beside it as NAME.png, 12 in a row")
    choices.add_arguments(parser, mapped=False)
    args = parser.parse_args(argv)
    if args.name:
        print(args.dataset if args.dataset in KNOWN else short_name(args.dataset))
        return
    dataset = load(args.dataset, choices.from_arguments(args))
    encoder = encoder_for(dataset.train_images,
                          args.levels or LEVELS[dataset.train_images.ndim > 2])
    for line in describe(dataset, encoder):
        print(line)
    if args.pictures:
        path = args.pictures / f"{dataset.name}.samples.png"
        draw_samples(path, dataset)
        print(f"wrote {path}")
    refuse_senseless(dataset, encoder)
    if args.json:
        save_grid(args.json.with_suffix(".png"), sample_tiles(dataset))
        write_text(args.json, json.dumps(summary(dataset, encoder), indent=1) + "\n")
        print(f"wrote {args.json}, {args.json.with_suffix('.png')}")


if __name__ == "__main__":
    run(main)
