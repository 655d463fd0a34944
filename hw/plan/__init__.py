"""Plans before any hardware: schedule, device, clock, area, latency, and what can be left out."""
