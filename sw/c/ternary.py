"""Functions of three bits in C: an instruction of AVX-512, or the shortest expression."""

from functools import cache


INPUTS = {"a": 0xAA, "b": 0xCC, "c": 0xF0}  # tables of the inputs themselves
ALL = 0xFF


@cache
def expressions():
    """Return the shortest C expression of each table of three bits, a dict of 256.

    Row ``a + 2b + 4c`` of a table is bit ``a + 2b + 4c`` of its number. An operation is one of AND,
    OR, XOR, NOT, and AND with the opposite of a bit, which processors have.
    """
    best = {table: name for name, table in INPUTS.items()}
    best |= {0: "(lane){0}", ALL: "~(lane){0}"}
    levels = [list(best)]
    while len(best) < 256:
        found = {}
        for level in range(len(levels)):
            for left in levels[level]:
                found.setdefault(left ^ ALL, f"~{_bracketed(best[left])}")
                for right in levels[len(levels) - 1 - level]:
                    one, other = _bracketed(best[left]), _bracketed(best[right])
                    found.setdefault(left ^ right, f"{one} ^ {other}")
                    found.setdefault(left & right, f"{one} & {other}")
                    found.setdefault(left | right, f"{one} | {other}")
                    found.setdefault(left & ~right & ALL, f"{one} & ~{other}")
        new = {table: text for table, text in found.items() if table not in best}
        best |= new
        levels.append(list(new))
    return best


def _bracketed(text):
    return text if len(text) == 1 or text.startswith("(lane)") else f"({text})"


def definitions(tables):
    """Return the C definitions of the functions ``T<table in decimal>`` of some tables."""
    tables = sorted(tables)
    fast = [f"#define T{table}(a, b, c) \\\n    ((lane)_mm512_ternarylogic_epi64((__m512i)(c), "
            f"(__m512i)(b), (__m512i)(a), {table}))" for table in tables]
    plain = []
    for table in tables:
        text = expressions()[table]
        names = text.replace("lane", "")
        unused = "".join(f" (void){name};" for name in INPUTS if name not in names)
        plain.append(f"static inline lane T{table}(lane a, lane b, lane c) "
                     f"{{{unused} return {text}; }}")
    return "\n".join(["#if defined(__GNUC__) && defined(__AVX512F__)", *fast, "#else", *plain,
                      "#endif", ""])
