"""Settings of every test: property tests draw the same examples in every run."""

from hypothesis import settings


settings.register_profile("thresher", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("thresher")
