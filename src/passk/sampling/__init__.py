"""Drawing samples: engines, blocks and seeds."""
