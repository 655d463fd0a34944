"""Classifies pictures, rows and arrays by the golden model of a network, without a board."""

from . import golden, network
from .answer.command import add_arguments, classify
from .artefact import HELP, network_file
from .command import Parser, run


def main(argv=None):
    parser = Parser(prog="python -m sw.classify", description=__doc__)
    parser.add_argument("network", type=network_file, metavar="NETWORK", help=HELP)
    add_arguments(parser)
    args = parser.parse_args(argv)

    folded = network.load(args.network)
    model = golden.Model(folded)

    def answers(images, names):
        scores = model.scores(images)
        return golden.labels(scores), scores

    return classify(args, folded, answers, {"network": folded.identity})


if __name__ == "__main__":
    run(main)
