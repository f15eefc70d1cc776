"""A package that adds one of each to passk: words, to be said backwards."""
