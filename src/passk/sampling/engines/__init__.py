"""Engines: whoever draws the samples of blocks that the store does not hold."""
