"""Published code benchmarks, one reader per format."""
