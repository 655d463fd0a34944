"""Settings of every test: the same examples in every run, and a Ctrl-C that arrives."""

import signal

from hypothesis import settings


settings.register_profile("thresher", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("thresher")

# Shells start background jobs with SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
