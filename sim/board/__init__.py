"""Parts of a board's line, with faults."""
