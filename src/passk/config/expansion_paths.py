"""Paths of expansions; apart, for `passk.config.paths` is part of every stage's code."""

from pathlib import Path

from passk.config.paths import data


def expansions(study: str, draw: str) -> Path:
    """Exact chances of a draw's problems."""
    return data(study) / "expansions" / f"{draw}.parquet"
