"""Samples that somebody else drew: files of any tool, read into one form."""
