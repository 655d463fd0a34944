"""Counting bits: plans and hardware of popcounts, truth tables and carry chains."""
