"""Verilog, netlists and their places on a device."""
