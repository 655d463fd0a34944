"""Mutations of Verilog as Yosys writes it, all in one model, of which a run chooses one."""

import random
import re
from dataclasses import dataclass


__all__ = ["CHOOSER", "Mutation", "mutations", "with_mutations"]

# Appended to the C++ main: which mutation is in force, 0 for none.
CHOOSER = """
extern "C" int chosen_mutant() {
    static const int number = atoi(getenv("MUTANT") ? getenv("MUTANT") : "0");
    return number;
}
"""

NAME = r"(?:\\\S+ |[A-Za-z_]\w*)"
STATEMENT = re.compile(rf"^(\s*(?:assign )?)({NAME}\s*(?:\[[^\]=]*\])?\s*|\{{[^=]*\}}\s*)"
                       rf"(<?=) (.+);$")
LITERAL = re.compile(r"(\d+)'(s?)(?:h([0-9a-f]+)|d(\d+))")  # Yosys writes 32 bits as decimal
SWAPS = {" + ": " - ", " - ": " + ", " & ": " | ", " | ": " & ", " ^ ": " ~^ ", " && ": " || ",
         " || ": " && ", " == ": " != ", " != ": " == ", " >= ": " > ", " > ": " >= ",
         " < ": " <= ", " <= ": " < ", " << ": " >> ", " >> ": " << "}
OPERATOR = re.compile(r" (?:\+|-|&&|&|\|\||\||\^|==|!=|>=|>|<=|<|<<|>>) ")
KINDS = ("operator", "constant", "connection")


@dataclass(frozen=True)
class Mutation:
    """One change of one statement.

    Attributes
    ----------
    line : int
        Of the Verilog, from 0.
    kind : str
        ``"operator"``, ``"constant"`` or ``"connection"``.
    target : str
        What the statement says something of.
    original, mutated : str
        The statement's right side, before and after.
    """

    line: int
    kind: str
    target: str
    original: str
    mutated: str


def mutations(verilog, count, *, seed):
    """Draw mutations, as many of each kind, no two of them the same.

    Parameters
    ----------
    verilog : str
        Of Yosys.
    count : int
        How many.
    seed : int
        Of the draw.

    Returns
    -------
    list of Mutation
    """
    generator = random.Random(seed)
    found = {kind: {} for kind in KINDS}
    for widths, sources, first, lines in _modules(verilog):
        within_function = False
        written = {match[1] for line in lines
                   if (match := re.match(rf"\s*({NAME})\s*\[.*\] <= ", line))}
        for number, line in enumerate(lines, first):
            match = STATEMENT.match(line)
            within_function = ("endfunction" not in line
                               and (within_function or " function " in line))
            # Functions are Yosys' form of wide multiplexers; x is what nobody may depend on.
            if (not match or within_function or _starts_memory(line, written)
                    or re.search(r"'h?\w*x", match[4])):
                continue
            narrow = widths.get(match[2].strip()) == 1
            for kind, mutated in _changes(match[4], sources, generator, narrow=narrow):
                found[kind][number, mutated] = Mutation(
                    number, kind, match[2].strip(), match[4], mutated)
    chosen = []
    for place, kind in enumerate(KINDS):
        share = count * (place + 1) // len(KINDS) - count * place // len(KINDS)
        pool = list(found[kind].values())
        if len(pool) < share:
            raise ValueError(f"Mutations of kind {kind!r} must be at most {len(pool)}, all there "
                             f"are: {share}")
        chosen += generator.sample(pool, share)
    return chosen


def with_mutations(verilog, chosen):
    """Return Verilog that behaves as mutation ``n``, from 1, where ``chosen_mutant()`` is n."""
    lines = verilog.split("\n")
    for number, mutation in enumerate(chosen, 1):
        match = STATEMENT.match(lines[mutation.line])
        lines[mutation.line] = (f"{match[1]}{match[2]}{match[3]} chosen_mutant() == {number} ? "
                                f"({mutation.mutated}) : ({match[4]});")
    return 'import "DPI-C" pure function int chosen_mutant();\n' + "\n".join(lines)


def _starts_memory(line, written):
    """Whether a line is a first word of a memory that is written: it is never read before that."""
    match = re.match(rf"\s*({NAME})\s*\[\d+\] = ", line)
    return bool(match) and match[1] in written


def _modules(verilog):
    """Yield each module: widths of signals and of sources, number of the first line, the lines.

    Sources are registers and inputs: to connect one of them makes no combinational loop.
    """
    name, widths, first, lines, clocked, within_function = None, {}, 0, [], set(), False
    for number, line in enumerate(verilog.split("\n")):
        if match := re.match(r"module (\\?\S+?)\s*\(", line):
            name, widths, first, lines, clocked = match[1], {}, number, [], set()
        if name is None:
            continue
        lines.append(line)
        within_function = (within_function or " function " in line) and "endfunction" not in line
        if within_function:
            continue
        if match := re.match(rf"\s*(input|reg|wire|output) (?:\[(\d+):0\] )?({NAME})\s*(?:=.*)?;$",
                             line):
            widths[match[3].strip()] = int(match[2] or 0) + 1
            if match[1] == "input":
                clocked.add(match[3].strip())
        elif match := re.match(rf"\s*({NAME})\s*<= ", line):
            clocked.add(match[1].strip())
        elif line == "endmodule":
            sources = clocked - {"clk", "rst"}
            yield (widths, {source: width for source, width in widths.items()
                                  if source in sources}, first, lines)
            name = None


def _changes(text, sources, generator, *, narrow):
    """Yield kind and result of the ways to change an expression, one of each place.

    ``narrow`` says that it is one bit, for which sum and difference are the same.
    """
    for match in OPERATOR.finditer(text):
        if narrow and match[0] in (" + ", " - "):
            continue
        yield "operator", text[:match.start()] + SWAPS[match[0]] + text[match.end():]
    if text.startswith("~ "):
        yield "operator", text[2:]
    if match := re.fullmatch(r"(.+?) \? (.+?) : (.+)", text):
        if match[2] != match[3]:
            yield "operator", f"{match[1]} ? {match[3]} : {match[2]}"
    for match in LITERAL.finditer(text):
        width, value = int(match[1]), int(match[3], 16) if match[3] else int(match[4])
        flipped = value ^ 1 << generator.randrange(width)
        yield ("constant", f"{text[:match.start()]}{width}'{match[2]}h{flipped:x}"
                           f"{text[match.end():]}")
    for match in re.finditer(rf"(?<![\w'$.\\]){NAME}", text):
        name = match[0].strip()
        if name in sources:
            others = sorted(other for other, width in sources.items()
                            if width == sources[name] and other != name)
            if others:
                other = generator.choice(others)
                yield ("connection", text[:match.start()] + f"{other} "
                       + text[match.end():])
