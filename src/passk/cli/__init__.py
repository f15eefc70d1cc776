"""One module per sub-command of `passk`."""
