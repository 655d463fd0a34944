"""A parser of command lines whose complaint about what is missing says how the command looks."""

from sw import command


__all__ = ["Parser"]

MISSING = "the following arguments are required: "

BOARDS = "boards: python -m boards.build --list, or --board-file, --device"
NETWORKS = "networks: NAME.net.npz, or a name in data/networks"


class Parser(command.Parser):
    """A parser that gives an example where an argument is missing.

    Parameters
    ----------
    example : str
        Arguments that work, ``"icebreaker tfc"``.
    **others
        As of :class:`sw.command.Parser`.
    """

    def __init__(self, *, example, **others):
        super().__init__(**others)
        self.example = example

    def error(self, message):
        """Exit with a line: an example where arguments are missing, else another way out."""
        if message.startswith(MISSING):
            self.need(message.removeprefix(MISSING))
        super().error(message)

    def need(self, names):
        """Complain that arguments are missing."""
        known = [text for name, text in (("BOARD", BOARDS), ("NETWORK", NETWORKS)) if name in names]
        are = "are" if ", " in names else "is"
        self.exit(2, f"error: {names.replace(', ', ' and ')} {are} needed, as in '{self.prog} "
                     f"{self.example}'" + (f" ({'; '.join(known)})" if known else "") + "\n")
