"""C library of a folded network: kernels, tables, and the files around them."""
