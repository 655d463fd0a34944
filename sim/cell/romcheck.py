"""Block RAMs of an ECP5 netlist as bits, and whether a network's weights are in them."""


from .netlist_json import parameter


__all__ = ["missing_columns", "netlist_block_rams"]


def netlist_block_rams(netlist):
    """Return the contents of a netlist's block RAMs and how wide each is read.

    Parameters
    ----------
    netlist : dict
        Yosys' JSON.

    Returns
    -------
    list of (tuple of int, int)
        2,048 words of 9 bits each, as in a bitstream; bits of a word that is read.
    """
    top, = (module for module in netlist["modules"].values()
            if int(module.get("attributes", {}).get("top", "0"), 2))
    return [(_contents(cell), _read_width(cell)) for cell in top["cells"].values()
            if cell["type"] == "DP16KD"]


def _contents(cell):
    words = []
    for row in range(64):
        bits = int(cell["parameters"].get(f"INITVAL_{row:02X}", "0").replace("x", "0"), 2)
        for place in range(16):  # 18 bits in 20
            word = bits >> 20 * place
            words += [word & 0x1ff, word >> 9 & 0x1ff]
    return tuple(words)


def _read_width(cell):
    """Bits of a word at the port that reads: B, unless that one is not clocked."""
    clocked = isinstance(cell["connections"].get("CLKB", ["0"])[0], int)
    return parameter(cell, "DATA_WIDTH_B" if clocked else "DATA_WIDTH_A")


def columns_of(contents, width):
    """Return each bit of the words of a block RAM over all addresses, address 0 lowest."""
    if width >= 9:
        parts = width // 9
        rows = [sum(contents[row * parts + part] << 9 * part for part in range(parts))
                for row in range(2048 // parts)]
    else:  # eight of nine bits are used
        rows = [word >> first & (1 << width) - 1 for word in contents
                for first in range(0, 8, width)]
    return [sum((row >> bit & 1) << address for address, row in enumerate(rows))
            for bit in range(width)]


def missing_columns(accelerator, block_rams):
    """Look for the weights of layers in block RAM, bit by bit of their words.

    How words lie in block RAMs is synthesis' choice; but each bit of a ROM's words, over all
    addresses, lies in one place of one of them, or, if the ROM is deep, of several.

    Parameters
    ----------
    accelerator : hw.accelerator.Accelerator
        The design.
    block_rams : list of (tuple of int, int)
        What :func:`netlist_block_rams` gave.

    Returns
    -------
    int, list of (str, int)
        Bits looked for, those that never change left out; layer and number of those not found.
    """
    by_depth = {}
    for contents, width in block_rams:
        depth = 2**14 // {36: 32, 18: 16, 9: 8}.get(width, width)
        by_depth.setdefault(depth, []).extend(columns_of(contents, width))
    prefixes = {}

    def starts(depth, size):
        """First ``size`` bits of all columns of block RAMs that are so deep."""
        if (depth, size) not in prefixes:
            prefixes[depth, size] = {each & (1 << size) - 1 for each in by_depth[depth]}
        return prefixes[depth, size]

    def found(column, length, depth):
        pieces = [(start, min(depth, length - start)) for start in range(0, length, depth)]
        return all(column >> start & (1 << size) - 1 in starts(depth, size)
                   for start, size in pieces)

    looked, missing = 0, []
    for name, stage in accelerator.stages.items():
        for words, width in stage.roms():
            for bit in range(width):
                column = sum((word >> bit & 1) << step for step, word in enumerate(words))
                if column in (0, (1 << len(words)) - 1):
                    continue
                looked += 1
                if not any(found(column, len(words), depth) for depth in by_depth):
                    missing.append((name, bit))
    return looked, missing
