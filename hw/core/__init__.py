"""The accelerator with the interfaces of other designs, instead of its own streams."""
