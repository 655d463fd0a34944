"""Stages that are computed in steps: encoder, MVTU, label select, and the memories of weights."""
