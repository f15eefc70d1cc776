"""Real benchmarks and training sets, read from local files in their published formats."""
