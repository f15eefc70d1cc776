"""Checks of a parameter file, a module per topic; `sections` makes those between sections."""
