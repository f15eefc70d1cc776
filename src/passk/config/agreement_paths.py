"""Where agreement with recorded grades is kept: apart from `paths`, which all stages read."""

from pathlib import Path

from passk.config.paths import results


def agreement(study: str, name: str) -> Path:
    """Of each draw of an entry of `imported:`, how its verdicts agree with recorded grades."""
    return results(study, f"agreement-{name}")
