"""Studio: the whole way from pictures to a running chip in a browser, on this machine alone."""
