"""Trained layers in PyTorch's evaluation mode, a file each."""
