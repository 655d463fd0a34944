"""Popcounts: plans and hardware of trees, full adders, truth tables and carry chains."""
