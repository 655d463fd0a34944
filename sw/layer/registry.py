"""Registries: a package looks its work for a layer up by kind; files of a room register it."""

import pkgutil
from importlib import import_module
from typing import ClassVar


class Registry:
    """Entries by kind of layer.

    The file that knows a kind registers the kind's entry. The registry imports the files of its
    rooms before the first look-up, so a new kind is a new file and no edit elsewhere.

    Parameters
    ----------
    what : str
        Name of an entry, for messages: ``"golden model"``.
    rooms : tuple of str
        Packages whose files register entries. :func:`discover` imports these files.
    """

    every: ClassVar[list] = []  # all registries: a test asserts that each covers every kind

    def __init__(self, what, rooms):
        self.what = what
        self.rooms = rooms
        self.entries = {}
        Registry.every.append(self)

    def register(self, *kinds):
        """Return a decorator that registers an entry for some kinds (classes of layers)."""
        def decorate(entry):
            for kind in kinds:
                if kind in self.entries:
                    raise ValueError(f"Entry of kind {kind.kind!r} must be the only one: there is "
                                     f"another {self.what} for it")
                self.entries[kind] = entry
            return entry
        return decorate

    def of(self, layer):
        """Return the entry for the kind of a layer.

        Raises
        ------
        ValueError
            If the kind has no entry.
        """
        self.discover()
        try:
            return self.entries[type(layer)]
        except KeyError:
            raise ValueError(f"Kind {layer.kind!r} of layer {layer.name!r} must have a "
                             f"{self.what}: none is registered in {' or '.join(self.rooms)}"
                             ) from None

    def discover(self):
        """Import the files of the rooms."""
        for room in self.rooms:
            discover(room)


def discover(room):
    """Import all files of a package."""
    package = import_module(room)
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{room}.{module.name}")
