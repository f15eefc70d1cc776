"""Where what was read of other files is kept: apart from `paths`, which all stages read."""

from pathlib import Path

from passk.config.paths import data


def reading(study: str, name: str) -> Path:
    """What was read of the files of an entry of `imported:`."""
    return data(study) / "problems" / f"{name}.json"
