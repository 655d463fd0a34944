"""The parts between a serial line and an accelerator: frames, requests, benchmark, flash."""
