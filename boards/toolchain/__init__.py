"""From a design to a bitstream, and what it reports."""
