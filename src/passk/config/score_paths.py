"""Paths of scores; a module of its own, for `passk.config.paths` is part of every stage's code."""

from pathlib import Path

from passk.config.paths import STATE, data

SCORED_BLOCKS = STATE / "scores"  # git-ignored: blocks of scored responses


def scores(study: str, name: str) -> Path:
    """Responses of a draw under a model."""
    return data(study) / "scores" / f"{name}.parquet"
