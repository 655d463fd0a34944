"""Hardware of each kind of layer: what it can be built as, one file a kind."""
