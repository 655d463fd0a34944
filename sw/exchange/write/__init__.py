"""Layers as nodes of ONNX, one file a kind or a family of kinds."""
