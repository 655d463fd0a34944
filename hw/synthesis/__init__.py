"""Synthesis: Verilog, netlists by Yosys, and a floorplan for ECP5."""
