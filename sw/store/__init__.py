"""Files: arrays, texts and locks, whole or not at all."""
