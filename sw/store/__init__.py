"""Files: arrays and texts that are written as a whole, and locks between runs."""
