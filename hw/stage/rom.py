"""Weights and thresholds of a layer as ROM words: those that a host loads too."""

from sw.line.words import join_planes, lane_words, neuron_words, step_words, weight_planes


__all__ = ["join_planes", "lane_words", "neuron_words", "step_words", "weight_planes"]
