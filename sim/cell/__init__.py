"""Cells of netlists and bitstreams, and mutations of Verilog."""
