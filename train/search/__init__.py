"""Search for the best networks for a dataset and a board: sampling, proxies, full training."""
