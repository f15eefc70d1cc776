"""Curricula: which problems may be asked at a step, one module each."""
