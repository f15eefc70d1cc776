"""Published math benchmarks, one reader per format."""
