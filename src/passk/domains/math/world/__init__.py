"""A generated world of functions on digits."""
