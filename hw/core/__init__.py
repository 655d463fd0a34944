"""The accelerator with other interfaces than its streams."""
