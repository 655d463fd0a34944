"""The serial line: protocol, port and client."""
