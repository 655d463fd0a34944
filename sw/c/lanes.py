"""C text of logic on lanes: functions of bits, and statements in functions of bounded length."""

CHOICE = 0xE4  # table of "c if a else b"
STATEMENTS = 400  # of a function: compilers take time for long ones


def function_of(function, name="x"):
    """Return the C expression of a truth table.

    Parameters
    ----------
    function : sw.layer.function.Function
        Least function of up to six bits.
    name : str
        Array of lanes that its inputs index.
    """
    places = [f"{name}[{number}]" for number in function.inputs]
    if not places:
        return "~(lane){0}" if function.table else "(lane){0}"
    if len(places) == 1:
        return places[0] if function.table == 0b10 else f"~{places[0]}"
    if len(places) == 2:
        return ternary(function.table | function.table << 4, *places, places[1])
    if len(places) == 3:
        return ternary(function.table, *places)
    low, high = (function_of(function.fixed(len(places) - 1, value).least(), name)
                 for value in (0, 1))
    return ternary(CHOICE, places[-1], low, high)


def ternary(table, a, b, c):
    """Return the C expression of a table of three bits, ``a`` lowest."""
    return f"T{table}({a}, {b}, {c})"


def functions(name, bodies):
    """Return functions of lanes, and the statements that call them.

    Parameters
    ----------
    name : str
        Beginning of the functions' names.
    bodies : list of list of str
        Statements that read ``x`` and write ``y``. A body stays in one function.

    Returns
    -------
    str
        Definitions.
    str
        Calls, with ``{x}`` and ``{y}``.
    """
    parts, part = [], []
    for body in bodies:
        if part and len(part) + len(body) > STATEMENTS:
            parts.append(part)
            part = []
        part += body if len(body) == 1 else ["{", *(f"    {line}" for line in body), "}"]
    if part:
        parts.append(part)
    texts = []
    for number, part in enumerate(parts):
        if not any("x[" in line for line in part):
            part.append("(void)x;")
        lines = "\n".join(f"    {line}" for line in part)
        texts.append(f"static void {name}_{number}(const lane *restrict x, lane *restrict y)\n"
                     f"{{\n{lines}\n}}\n")
    calls = "\n".join(f"{name}_{number}({{x}}, {{y}});" for number in range(len(parts)))
    return "\n".join(texts), calls
