"""Judging programs by tests: what enters the sandbox, and what is compared outside of it."""
