"""Stages of an accelerator that are computed in steps."""
