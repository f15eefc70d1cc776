"""Published visual benchmarks, one reader per format."""
