"""What is asked: generated worlds, real benchmarks, filters and prompts."""
