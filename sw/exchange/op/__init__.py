"""Operators of ONNX and QONNX that are understood: what each computes, and what it becomes."""
