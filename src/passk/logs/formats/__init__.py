"""A module for each format of sample files; see `passk.logs.format`."""
