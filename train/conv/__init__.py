"""Convolutional networks: recipes, pictures in training, layers, and the trainer."""
