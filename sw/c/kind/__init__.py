"""C code of the layers, one file a kind."""
