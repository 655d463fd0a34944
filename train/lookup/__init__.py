"""Training of look-up networks: straight-through first, coordinate descent afterwards."""
