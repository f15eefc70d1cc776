"""Two sets of files compared: from samples, or counts, of anybody to a paired verdict and a page."""
