"""Streams: the base of all stages, queues behind pipelines, and width conversion."""
