"""Answers to users: what a network says of their files, as table, CSV, JSON and pictures."""
