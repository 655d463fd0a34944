"""Writes answers as a table for people, and as CSV and JSON for programs."""

import csv
import io
import json
import sys
import unicodedata

from ..store.files import write_bytes


ALL = 10   # most classes whose scores are all shown without --top
USUAL = 3  # classes shown otherwise
STDOUT = "-"


def lines(answers, top=None, width=None):
    """Yield the lines of a table.

    Parameters
    ----------
    answers : sw.answer.answers.Answers
        Labels and scores.
    top : int or None
        How many of the best classes are shown, each with its score. None: the scores of all
        classes under their names if there are at most ten and they fit, else the best three.
    width : int or None
        Columns of the terminal; None if there is no bound.
    """
    if top is None and len(answers.classes) <= ALL:
        table = list(_aligned(_rows(answers, None)))
        if width is None or max(map(_width, table)) <= width:
            yield from table
            return
    yield from _aligned(_rows(answers, min(top or USUAL, len(answers.classes))))


def _rows(answers, top):
    """Yield the cells of the header and of each row: texts, and numbers as int."""
    told = bool((answers.truth >= 0).any())
    scores = list(answers.classes) if top is None else ["best classes and scores"]
    yield ["file", "label", *(["class"] if told else []), "margin", *scores]
    ranks = None if top is None else answers.ranks(top)
    for row, margin in enumerate(answers.margins().tolist()):
        cells = [answers.names[row], answers.classes[answers.labels[row]]]
        if told:
            cells.append(_truth(answers, row) or "?")
        cells.append(margin)
        if top is None:
            cells.extend(answers.scores[row].tolist())
        else:
            cells.append(", ".join(f"{answers.classes[place]} {answers.scores[row, place]}"
                                   for place in ranks[row]))
        yield cells


def _aligned(rows):
    """Yield rows as lines: texts to the left, numbers and heads above them to the right."""
    rows = list(rows)
    numbers = [isinstance(cell, int) for cell in rows[-1]]
    texts = [[_printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = []
        for cell, width, number in zip(row, widths, numbers, strict=True):
            space = " " * (width - _width(cell))
            cells.append(space + cell if number else cell + space)
        yield "  ".join(cells).rstrip()


def write_csv(path, answers):
    """Write all scores as CSV: name, label, class if one is known, margin, scores by class."""
    told = bool((answers.truth >= 0).any())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "label", *(["class"] if told else []), "margin", *answers.classes])
    margins = answers.margins().tolist()
    for row, name in enumerate(answers.names):
        writer.writerow([name, answers.classes[answers.labels[row]],
                         *([_truth(answers, row) or ""] if told else []), margins[row],
                         *answers.scores[row].tolist()])
    _write(path, text.getvalue())


def write_json(path, answers, about):
    """Write all scores as JSON; ``about`` is a dict that comes first."""
    right, known = answers.right()
    margins = answers.margins().tolist()
    content = {
        **about, "classes": list(answers.classes),
        "examples": [{"file": name, "label": answers.classes[answers.labels[row]],
                      "class": _truth(answers, row), "margin": margins[row],
                      "scores": answers.scores[row].tolist()}
                     for row, name in enumerate(answers.names)],
        "class_known": known, "correct": right,
        "accuracy": 100 * right / known if known else None}
    _write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _truth(answers, row):
    place = answers.truth[row]
    return answers.classes[place] if place >= 0 else None


def _write(path, text):
    octets = text.encode("utf-8", "backslashreplace")  # names of files may be no text
    if str(path) == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)  # programs want UTF-8, whatever the terminal shows
    else:
        write_bytes(path, octets)


def _printable(text):
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
                   for letter in text)


def _width(text):
    """Return the columns that a text takes in a terminal: wide letters take two."""
    return sum(0 if unicodedata.combining(letter) else
               2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
