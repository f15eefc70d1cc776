"""The `programs` world: short specifications over a list of whole numbers, answered in Python."""
