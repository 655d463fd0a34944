"""A LiteX system with a core on its bus, and the program of its processor."""
