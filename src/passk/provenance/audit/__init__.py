"""Checking a whole study: files, lock, records, git, random streams, counts, intervals, page."""
