"""Judging answers; knows no model and no file."""
