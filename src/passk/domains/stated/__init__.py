"""Which answer a response states, independent of how answers are compared; see `reading`."""
