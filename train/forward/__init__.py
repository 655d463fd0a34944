"""Trained layers in PyTorch's evaluation mode, one file a kind."""
