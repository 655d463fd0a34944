"""What is computed when, on which device, in how much area."""
