"""Two sets of files compared: from samples or counts to a paired verdict and a page."""
