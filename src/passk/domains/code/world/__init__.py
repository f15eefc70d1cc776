"""A generated world of small Python programs."""
