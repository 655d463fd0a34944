"""Streams: queues behind pipelines and width conversion."""
